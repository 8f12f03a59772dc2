// Models to TensorFlow.js' own format. Back: loadModel.ts.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { BatchNormalization, SeededDropout } from '../layers/index.js';
import { checkFiniteWeights } from './checkFiniteWeights.js';
import { metadataOf, setMetadata } from './metadata.js';
import { onlyHandler } from './onlyHandler.js';

/**
 * Saves a model in TensorFlow.js' format under standard class names, so that plain TensorFlow.js opens it too; plan and class names go along.
 *
 * @param target - A URL such as `indexeddb://name` or `downloads://name`, or a TensorFlow.js save handler.
 * @throws {OptionError} when nothing saves to that URL. {@link WeightsError} when a weight is not finite.
 * @example
 * await saveModel(model, 'indexeddb://clothes');
 */
export async function saveModel(model: tfl.LayersModel, target: string | tf.io.IOHandler): Promise<void> {
  const handler = typeof target === 'string' ? onlyHandler('saveModel', target, tf.io.getSaveHandlers(target)) : target;
  await checkFiniteWeights('saveModel', model);
  // The mark by which loadModel knows a model composed of blocks by hand.
  if (metadataOf(model) === undefined && model.layers.some(isOwnLayer)) setMetadata(model, { format: 1 });
  await model.save(handler);
}

function isOwnLayer(layer: tfl.layers.Layer): boolean {
  return layer instanceof BatchNormalization || layer instanceof SeededDropout;
}
