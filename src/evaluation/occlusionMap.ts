// What a model misses when a part of the picture is hidden: slow, but it asks nothing of the model save answers.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../backends/index.js';
import { check, checkOptions, finite, instanceOf, invalid, positiveInteger, trackProgress, callable, type ProgressListener } from '../core/index.js';
import type { Pixels } from '../image/index.js';
import { predictBatch, predictor, type Predictor } from './evaluate.js';
import { explained, inputOf, rectify, targetRule, type HeatMap } from './heatMap.js';

/** What is hidden, and how. */
export interface OcclusionOptions {
  /** The class that is explained, by index or by a name the model knows. @defaultValue the most probable one */
  readonly target?: number | string | undefined;
  /** Side of the hidden square in pixels of the model's input, a multiple of the stride. @defaultValue 32 */
  readonly patchSize?: number | undefined;
  /** Pixels between two places of the square. @defaultValue half the patch */
  readonly stride?: number | undefined;
  /** The value of hidden pixels, in [0, 255]. @defaultValue 127.5 */
  readonly fillValue?: number | undefined;
  /** Hidden pictures predicted at once. @defaultValue 16 */
  readonly batchSize?: number | undefined;
  /** Told after every batch. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Hides square after square of a picture and maps how far the probability of a class falls.
 *
 * @param image - RGB in [0, 255]; resized to the model's input where its size differs, and a runtime that does not state one takes it as it is.
 * @returns A map with one value each stride, the mean fall over the squares that covered it.
 * @throws {OptionError} when an option or class is unknown, or the patch is larger than the image or no multiple of the stride.
 * @example
 * const heat = await occlusionMap(model, photo, { patchSize: 48 });
 * @see Visualizing and understanding convolutional networks, arXiv 1311.2901, section 4.2
 */
export async function occlusionMap(model: LayersModel | Predictor, image: Pixels, options: OcclusionOptions = {}): Promise<HeatMap> {
  const where = 'occlusionMap';
  check(where, 'model', model, predictor);
  const { target, patchSize = 32, stride = Math.max(1, patchSize >> 1), fillValue = 127.5, batchSize = 16, onProgress, signal } = checkOptions(where, options, {
    target: targetRule, patchSize: positiveInteger, stride: positiveInteger, fillValue: finite, batchSize: positiveInteger, onProgress: callable,
    signal: instanceOf(AbortSignal, 'an AbortSignal'),
  });
  await ensureBackend();
  const input = inputOf(where, model, image);
  const [, height, width] = input.shape;
  try {
    if (patchSize % stride !== 0) throw invalid(where, 'patchSize', `a multiple of the stride ${stride}`, patchSize);
    if (patchSize > Math.min(height, width)) throw invalid(where, 'patchSize', `at most the input's ${Math.min(height, width)} pixels`, patchSize);
    const [rows, columns] = [Math.floor(height / stride), Math.floor(width / stride)];
    const reach = patchSize / stride;
    const places: [row: number, column: number][] = [];
    for (let row = 0; row + reach <= rows; row++) for (let column = 0; column + reach <= columns; column++) places.push([row, column]);
    const whole = await predictBatch(where, model, input);
    const answer = explained(where, model, whole.values, target);
    const pixels = (await input.data()) as Float32Array;
    const falls = new Float32Array(rows * columns);
    const seen = new Float32Array(rows * columns);
    const report = trackProgress(onProgress, 'occlusion', 'patches', places.length);
    for (let start = 0; start < places.length; start += batchSize) {
      signal?.throwIfAborted();
      const batch = places.slice(start, start + batchSize);
      const hidden = new Float32Array(batch.length * pixels.length);
      batch.forEach(([row, column], i) => {
        hidden.set(pixels, i * pixels.length);
        for (let y = row * stride; y < row * stride + patchSize; y++) {
          const from = i * pixels.length + (y * width + column * stride) * 3;
          hidden.fill(fillValue, from, from + patchSize * 3);
        }
      });
      const xs = tf.tensor4d(hidden, [batch.length, height, width, 3]);
      const { values, columns: outputs } = await predictBatch(where, model, xs).finally(() => {
        xs.dispose();
      });
      batch.forEach(([row, column], i) => {
        const only = values[i] as number;
        const left = outputs === 1 ? (answer.classIndex === 1 ? only : 1 - only) : (values[i * outputs + answer.classIndex] as number);
        for (let y = row; y < row + reach; y++) {
          for (let x = column; x < column + reach; x++) {
            const cell = y * columns + x;
            falls[cell] = (falls[cell] as number) + answer.probability - left;
            seen[cell] = (seen[cell] as number) + 1;
          }
        }
      });
      report(start + batch.length);
    }
    return { width: columns, height: rows, values: rectify(falls.map((fall, i) => fall / (seen[i] as number))), ...answer };
  } finally {
    input.dispose();
  }
}
