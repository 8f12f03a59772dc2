// Saves models in the format of TensorFlow.js. `loadModel` reads them.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, invalid, oneOf } from '../core/internal.js';
import { DataError, isEffnetError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { checkFiniteWeights } from './checkFiniteWeights.js';
import { checkModel } from './checkModel.js';
import { layersOf } from './layersOf.js';
import { metadataOf, setMetadata } from './metadata.js';
import { onlyHandler } from './onlyHandler.js';
import { quantizeWeights } from './quantizeWeights.js';
import { reasonOf } from './reasonOf.js';

/** Options of {@link saveModel}. */
export interface SaveModelOptions {
  /**
   * How kernels are stored. `'float16'` halves the file size and `'uint8'` reduces it to less than a third. After loading, kernels are
   * float32 again. docs/weights.md lists the effect on accuracy. Vectors such as biases stay float32. In a uint8 file, depthwise kernels
   * and kernels of fewer than 32,768 numbers are float16.
   * @defaultValue 'float32'
   */
  readonly dtype?: 'float32' | 'float16' | 'uint8' | undefined;
}

/** Validation rules of {@link SaveModelOptions}. */
export const SAVE_MODEL_RULES = { dtype: oneOf('float32', 'float16', 'uint8') } as const;

/**
 * Saves a model in the TensorFlow.js format, with its plan and class names.
 *
 * The file uses the standard class names, so TensorFlow.js can also open it without this library.
 *
 * @param target - A URL such as `indexeddb://name` or `downloads://name`, or a TensorFlow.js save handler.
 * @throws {OptionError} when an option is unknown, or no handler supports the target.
 * @throws {DataError} when the target cannot be written, for example because the browser's storage is full or the server refuses.
 * @throws {WeightsError} when a weight is not finite, or is stored as float16 and exceeds its range.
 * @example
 * await saveModel(model, 'indexeddb://clothes');
 * await saveModel(model, 'downloads://clothes', { dtype: 'uint8' });
 */
export async function saveModel(model: tfl.LayersModel, target: string | tf.io.IOHandler, options: SaveModelOptions = {}): Promise<void> {
  const { dtype = 'float32' } = checkOptions('saveModel', options, SAVE_MODEL_RULES);
  checkModel('saveModel', model);
  const handler = typeof target === 'string' ? onlyHandler('saveModel', 'target', target, tf.io.getSaveHandlers(target)) : target;
  const { save } = (handler as Partial<tf.io.IOHandler> | null) ?? {};
  if (typeof save !== 'function') throw invalid('saveModel', 'target', 'a URL or a handler that can save', handler);
  await checkFiniteWeights('saveModel', model);
  // The metadata lets loadModel recognize a model that was composed of this library's blocks by hand.
  if (metadataOf(model) === undefined && layersOf(model).some(isOwnLayer)) setMetadata(model, { format: 1 });
  try {
    await model.save(
      dtype === 'float32' ? handler : { save: (artifacts) => save.call(handler, quantizeWeights('saveModel', artifacts, dtype)) },
    );
  } catch (cause) {
    if (isEffnetError(cause)) throw cause;
    const place = typeof target === 'string' ? `'${target}'` : 'the handler';
    throw new DataError(`saveModel: expected the model to be saved at ${place}, received an error: ${reasonOf(cause)}.`, { cause });
  }
}

function isOwnLayer(layer: tfl.layers.Layer): boolean {
  return layer instanceof BatchNormalization || layer instanceof SeededDropout;
}
