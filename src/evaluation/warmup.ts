// The first answer ahead of time: backends compile, allocate and cache while it is computed.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, invalid, positiveInteger, arrayOf } from '../core/index.js';
import { inputShapeOf, predictor, type Predictor } from './evaluate.js';

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** Pictures at once: backends prepare for each batch size by itself. @defaultValue 1 */
  readonly batchSize?: number | undefined;
  /** Height and width, for a model of open input size. @defaultValue the model's */
  readonly inputSize?: readonly [height: number, width: number] | undefined;
}

/**
 * Computes one answer to nothing, so that the first one that counts comes as soon as the later ones; leaves no tensor behind.
 *
 * @returns The milliseconds it took.
 * @throws {OptionError} when an option is unknown, or the size is neither the model's nor given.
 * @example
 * await warmup(model, { batchSize: 8 });
 */
export async function warmup(model: LayersModel | Predictor, options: WarmupOptions = {}): Promise<number> {
  check('warmup', 'model', model, predictor);
  const { batchSize = 1, inputSize } = checkOptions('warmup', options, { batchSize: positiveInteger, inputSize: arrayOf(positiveInteger, 2) });
  const [, height, width, channels] = inputShapeOf(model) ?? [];
  const [rows, columns] = [height ?? inputSize?.[0], width ?? inputSize?.[1]];
  if (rows === undefined || columns === undefined) {
    throw invalid('warmup', 'inputSize', 'the [height, width] of the pictures to come', inputSize, 'The model takes any size.');
  }
  const start = performance.now();
  const images = tf.zeros<tf.Rank.R4>([batchSize, rows, columns, channels ?? 3]);
  let outputs: tf.Tensor | tf.Tensor[] = [];
  try {
    outputs = await model.predict(images);
    // Some backends only compute what is read.
    await Promise.all([outputs].flat().map((output) => output.data()));
  } finally {
    tf.dispose([images, outputs]);
  }
  return performance.now() - start;
}
