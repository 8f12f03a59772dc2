// Fits the temperature of a classifier on validation data, and divides its logits by it. The division is part of the classifier's weights,
// so that saved and exported models include it.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { invalid, joinFloats } from '../core/internal.js';
import type { Dataset } from '../data/index.js';
import { bestTemperature, logsOf } from '../evaluation/metrics/internal.js';
import { disposeBatch } from './cachedFeatures.js';
import type { Features } from './extractFeatures.js';
import { targetsLike } from './targets.js';
import type { TrainingBatch } from './trainingBatch.js';

/**
 * Returns the dense layer that computes a model's class probabilities.
 *
 * @throws {OptionError} when the model does not end in a dense layer with softmax.
 */
export function softmaxLayerOf(where: string, model: tfl.LayersModel): tfl.layers.Layer {
  const layer = model.outputs[0]?.sourceLayer;
  if (model.outputs.length !== 1 || layer?.getClassName() !== 'Dense' || layer.getConfig()['activation'] !== 'softmax')
    throw invalid(where, 'calibrate', 'false for a model that does not end in a dense layer with softmax', true);
  return layer;
}

/** Divides the logits of a dense layer by a temperature. The most probable class remains the same. */
export function divideLogits(layer: tfl.layers.Layer, temperature: number): void {
  tf.tidy(() => {
    layer.setWeights(layer.getWeights().map((weight) => tf.div(weight, temperature)));
  });
}

/**
 * Fits the temperature of a head on the features of the validation data, and divides the head's logits by it.
 *
 * @param classifier - Maps features to logits by its layer `predictions`.
 * @returns The temperature, or `undefined` if none is best. The head then remains unchanged.
 */
export async function calibrateHead(classifier: tfl.LayersModel, features: Features): Promise<number | undefined> {
  const [x, y] = features.take();
  const logits = classifier.predict(x) as tf.Tensor;
  try {
    const [values, targets] = await Promise.all([logits.data(), y.data()]);
    const temperature = bestTemperature(Float64Array.from(values), targets as Float32Array, logits.shape[1] ?? 0);
    if (temperature !== undefined) divideLogits(classifier.getLayer('predictions'), temperature);
    return temperature;
  } finally {
    tf.dispose([x, y, logits]);
  }
}

/**
 * Fits the temperature of a model on validation batches, and divides the model's logits by it. The batches are disposed.
 *
 * @param steps - Number of batches to read.
 * @returns The temperature, or `undefined` if none is best. The model then remains unchanged.
 */
export async function calibrateModel(
  where: string,
  model: tfl.LayersModel,
  validation: Dataset<TrainingBatch>,
  steps: number,
): Promise<number | undefined> {
  const layer = softmaxLayerOf(where, model);
  const [probabilities, targets]: [Float32Array[], Float32Array[]] = [[], []];
  for await (const batch of validation.open({ epoch: 0, signal: undefined })) {
    try {
      const [predicted, wanted] = tf.tidy(() => {
        const output = model.predict(batch.xs) as tf.Tensor;
        return [output, targetsLike(where, batch.ys, output, 'classes')];
      }) as [tf.Tensor, tf.Tensor];
      try {
        probabilities.push((await predicted.data()) as Float32Array);
        targets.push(Float32Array.from(await wanted.data()));
      } finally {
        tf.dispose([predicted, wanted]);
      }
    } finally {
      disposeBatch(batch);
    }
    if (probabilities.length >= steps) break;
  }
  const temperature = bestTemperature(logsOf(joinFloats(probabilities)), joinFloats(targets), model.outputs[0]?.shape.at(-1) ?? 0);
  if (temperature !== undefined) divideLogits(layer, temperature);
  return temperature;
}
