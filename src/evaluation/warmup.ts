// The first answer ahead of time: backends compile, allocate and cache while it is computed.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, invalid, positiveInteger, sides, size as sizeRule, type Size } from '../core/index.js';
import { inputShapeOf, predictor, type Predictor } from './evaluate.js';

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** Images at once: backends prepare for each batch size separately. @defaultValue 1 */
  readonly batchSize?: number | undefined;
  /** For a model that takes any size. @defaultValue the model's */
  readonly inputSize?: Size | undefined;
}

/**
 * Computes one answer to nothing, so that the first one that counts comes as soon as the later ones; leaves no tensor behind.
 *
 * @returns The milliseconds it took.
 * @throws {OptionError} when an option is unknown, the model takes any size and none is given, or the given size is not the model's.
 * @example
 * await warmup(model, { batchSize: 8 });
 */
export async function warmup(model: LayersModel | Predictor, options: WarmupOptions = {}): Promise<number> {
  check('warmup', 'model', model, predictor);
  const { batchSize = 1, inputSize } = checkOptions('warmup', options, { batchSize: positiveInteger, inputSize: sizeRule });
  const [, height, width, channels] = inputShapeOf(model) ?? [];
  const [givenHeight, givenWidth] = inputSize === undefined ? [] : sides(inputSize);
  const [rows, columns] = [height ?? givenHeight, width ?? givenWidth];
  if (rows !== (givenHeight ?? rows) || columns !== (givenWidth ?? columns)) throw invalid('warmup', 'inputSize', `the model's own size ${rows} x ${columns}`, inputSize);
  if (rows === undefined || columns === undefined) {
    throw invalid('warmup', 'inputSize', 'the size of the images to come', inputSize, 'The model takes any size.');
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
