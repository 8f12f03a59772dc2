// Writes `.keras`: configuration, weights and a note of their origin in one archive, as keras/src/saving/saving_lib.py does.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { strToU8, zipSync } from 'fflate';
import { checkModel } from '../models/internal.js';
import { notesOf } from '../weights/internal.js';
import { kerasConfig } from './kerasConfig.js';
import { createWeights } from './writeKerasWeights.js';

/**
 * Writes a model as a `.keras` file, which `keras.saving.load_model` of Keras 3 opens: the same outputs, ready to be trained on.
 *
 * The entry `effnet` of its `metadata.json` contains the preprocessing and the class names. Keras ignores it, and does not write it again.
 *
 * @throws {OptionError} when it is not a layers model. {@link WeightsError} when the model has a layer that Keras does not know, or a
 *   weight that is not finite.
 * @example
 * await writeFile('clothes.keras', await writeKeras(model));
 */
export async function writeKeras(model: LayersModel): Promise<Uint8Array> {
  const where = 'writeKeras';
  checkModel(where, model);
  const config = kerasConfig(where, model);
  const effnet = notesOf(where, model);
  const weights = await createWeights(where, model, null);
  const files = {
    'metadata.json': strToU8(
      JSON.stringify({
        keras_version: '3.0.0',
        date_saved: new Date().toISOString().slice(0, 19).replace('T', '@'),
        // Keras does not read this entry.
        effnet,
      }),
    ),
    'config.json': strToU8(JSON.stringify(config)),
    'model.weights.h5': weights,
  };
  // Stored, not deflated: weights do not shrink, and Keras reads them in place.
  return zipSync(files, { level: 0 });
}
