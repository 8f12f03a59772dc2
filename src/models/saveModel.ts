// Models to TensorFlow.js' own format. Back: loadModel.ts.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, invalid, oneOf } from '../core/internal.js';
import { DataError, isEffnetError } from '../core/index.js';
import { BatchNormalization, SeededDropout } from '../layers/internal.js';
import { checkFiniteWeights } from './checkFiniteWeights.js';
import { checkModel } from './checkModel.js';
import { metadataOf, setMetadata } from './metadata.js';
import { onlyHandler } from './onlyHandler.js';
import { quantizeWeights } from './quantizeWeights.js';
import { reasonOf } from './reasonOf.js';

/** Options of {@link saveModel}. */
export interface SaveModelOptions {
  /**
   * How kernels are stored. `'float16'` halves the download and `'uint8'` takes less than a third of it; both are computed with in float32
   * after loading. docs/weights.md has what they cost in accuracy. Vectors such as biases stay float32. In a uint8 file, depthwise kernels
   * and kernels of fewer than 32,768 numbers are float16.
   * @defaultValue 'float32'
   */
  readonly dtype?: 'float32' | 'float16' | 'uint8' | undefined;
}

/** Rules of the options of {@link saveModel}. */
export const SAVE_MODEL_RULES = { dtype: oneOf('float32', 'float16', 'uint8') } as const;

/**
 * Saves a model in TensorFlow.js' format under standard class names, so that plain TensorFlow.js opens it too; plan and class names go
 * along.
 *
 * @param target - A URL such as `indexeddb://name` or `downloads://name`, or a TensorFlow.js save handler.
 * @throws {OptionError} when an option is unknown, or nothing saves to that target.
 * @throws {DataError} when the place cannot be written, for example because the browser's storage is full or the server refuses.
 * @throws {WeightsError} when a weight is not finite, or exceeds the range of float16 where it is stored as such.
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
  // The mark by which loadModel knows a model composed of blocks by hand.
  if (metadataOf(model) === undefined && model.layers.some(isOwnLayer)) setMetadata(model, { format: 1 });
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
