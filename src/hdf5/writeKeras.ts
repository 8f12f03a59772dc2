// Writes `.keras` files with the configuration, the weights and the metadata of a model, as keras/src/saving/saving_lib.py does.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { strToU8, zipSync } from 'fflate';
import { checkModel } from '../models/internal.js';
import { notesOf } from '../weights/internal.js';
import { kerasConfig } from './kerasConfig.js';
import { createWeights } from './writeKerasWeights.js';

/**
 * Writes a model as a `.keras` file. `keras.saving.load_model` of Keras 3 opens it, with the same outputs and ready for further training.
 *
 * The `effnet` entry of its `metadata.json` contains the preprocessing, the class names and the threshold of unknown answers. Keras ignores
 * this entry and drops it when it saves the model again.
 *
 * @throws {OptionError} when the value is not a layers model. `WeightsError` when Keras has no equivalent of a layer, or a weight
 *   is not finite.
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
        // Keras ignores this entry.
        effnet,
      }),
    ),
    'config.json': strToU8(JSON.stringify(config)),
    'model.weights.h5': weights,
  };
  // The archive is not compressed, because weights hardly compress and Keras reads them in place.
  return zipSync(files, { level: 0 });
}
