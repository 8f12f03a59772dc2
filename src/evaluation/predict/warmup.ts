// The first prediction ahead of time: backends compile, allocate and cache while it is computed.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { checkOptions, invalid, positiveInteger, showShape } from '../../core/internal.js';
import { preprocessingFor, sides, size } from '../../image/internal.js';
import type { Size } from '../../image/index.js';
import { inputShapeOf, checkPredictor, type Predictor } from './evaluate.js';

/** Options of {@link warmup}. */
export interface WarmupOptions {
  /** Images at once: backends prepare for each batch size by itself. @defaultValue 1 */
  readonly batchSize?: number | undefined;
  /** Height and width, for a model of open input size. @defaultValue those of the model's preprocessing */
  readonly inputSize?: Size | undefined;
}

/**
 * Predicts once on zeros, so that the first real prediction is as fast as later ones. No tensor is left.
 *
 * @returns The milliseconds it took.
 * @throws {OptionError} when an option is unknown, the size is not the model's, or neither the model nor the options say it.
 * @throws {BackendError} when the model needs a backend of TensorFlow.js and none is ready.
 * @example
 * await warmup(model, { batchSize: 8 });
 */
export async function warmup(model: LayersModel | Predictor, options: WarmupOptions = {}): Promise<number> {
  const where = 'warmup';
  checkPredictor(where, model);
  const { batchSize = 1, inputSize } = checkOptions(where, options, { batchSize: positiveInteger, inputSize: size });
  const [, height, width, channels] = inputShapeOf(model) ?? [];
  const wanted = inputSize === undefined ? preprocessingFor(where, model)?.inputSize : sides(inputSize);
  const [rows, columns] = [height ?? wanted?.[0], width ?? wanted?.[1]];
  if (rows === undefined || columns === undefined) {
    throw invalid(where, 'inputSize', 'the size of the images to come', inputSize, 'The model takes any size.');
  }
  if (inputSize !== undefined && (wanted?.[0] !== rows || wanted[1] !== columns))
    throw invalid(where, 'inputSize', `the model's ${showShape([rows, columns])}`, inputSize);
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
    // Some backends only compute what is read.
    await Promise.all([outputs].flat().map((output) => output.data()));
  } finally {
    tf.dispose([images, outputs]);
  }
  return performance.now() - start;
}
