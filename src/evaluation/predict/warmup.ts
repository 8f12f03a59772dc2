// Predicts once in advance, because backends compile kernels and allocate memory during the first prediction.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { checkOptions, invalid, positiveInteger, showShape } from '../../core/internal.js';
import { preprocessingFor, sides, size } from '../../image/internal.js';
import type { Size } from '../../image/index.js';
import { inputShapeOf } from './inputShapeOf.js';
import { checkPredictor, type Predictor } from './predictor.js';

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** Number of images per batch. Backends prepare for each batch size separately. @defaultValue 1 */
  readonly batchSize?: number | undefined;
  /** Height and width of the images, for a model with a variable input size. @defaultValue the size in the model's preprocessing */
  readonly inputSize?: Size | undefined;
}

/**
 * Predicts once on an image of zeros, so that the first real prediction is as fast as later ones.
 *
 * @returns The time it took, in milliseconds.
 * @throws {OptionError} when an option is unknown or has a wrong value, the model is disposed, or the input size is unknown or differs from
 *   the model's.
 * @throws {BackendError} when the model needs a backend of TensorFlow.js and none is ready.
 * @example
 * await warmup(model, { batchSize: 8 });
 */
export async function warmup(model: LayersModel | Predictor, options: WarmupOptions = {}): Promise<number> {
  const where = 'warmup';
  checkPredictor(where, model);
  const { batchSize = 1, inputSize } = checkOptions(where, options, { batchSize: positiveInteger, inputSize: size });
  const [, height, width, channels] = inputShapeOf(model) ?? [];
  const known = inputSize === undefined ? preprocessingFor(where, model)?.inputSize : sides(inputSize);
  const [rows, columns] = [height ?? known?.[0], width ?? known?.[1]];
  if (rows === undefined || columns === undefined) {
    throw invalid(where, 'inputSize', 'the size of the images', inputSize, 'The model takes any size.');
  }
  if (inputSize !== undefined && (known?.[0] !== rows || known[1] !== columns))
    throw invalid(where, 'inputSize', `the model's input size ${showShape([rows, columns])}`, inputSize);
  const shape = [batchSize, rows, columns, channels ?? 3] as const;
  const start = performance.now();
  if ('run' in model && model.run !== undefined) {
    await model.run(new Float32Array(shape.reduce((product, length) => product * length, 1)), shape);
    return performance.now() - start;
  }
  await ensureBackend();
  const images = tf.zeros<tf.Rank.R4>([...shape]);
  let outputs: tf.Tensor | tf.Tensor[] = [];
  try {
    outputs = await (model as Predictor).predict(images);
    // Some backends compute only outputs that are read.
    await Promise.all([outputs].flat().map((output) => output.data()));
  } finally {
    tf.dispose([images, outputs]);
  }
  return performance.now() - start;
}
