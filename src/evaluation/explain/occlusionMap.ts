// What a model misses when a part of the image is hidden: slow, but it needs nothing but predictions.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callable, checkOptions, finite, invalid, positiveInteger, signal as signalRule, trackProgress } from '../../core/internal.js';
import type { ProgressListener } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { checkPredictor } from '../predict/internal.js';
import type { Predictor } from '../predict/index.js';
import { explained, explainedInput, rectify, targetRule, type HeatMap } from './heatMap.js';
import { preprocessingSource } from '../predict/internal.js';
import { predictValues } from '../predict/internal.js';

/** What is hidden, and how. */
export interface OcclusionMapOptions {
  /** The class that is explained, by index or by a name the model knows. @defaultValue the most probable one */
  readonly target?: number | string | undefined;
  /** How the image becomes the model's input. @defaultValue the model's own, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Side of the hidden square in pixels of the model's input, a multiple of the stride. @defaultValue 32 */
  readonly patchSize?: number | undefined;
  /** Pixels between two places of the square. @defaultValue half the patch */
  readonly stride?: number | undefined;
  /** The value of hidden pixels, in [0, 255]. @defaultValue 127.5 */
  readonly fillValue?: number | undefined;
  /** Images predicted at once. @defaultValue 16 */
  readonly batchSize?: number | undefined;
  /** Told after every batch. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Hides one square of an image after the other and maps how far the probability of a class falls. A runtime needs no backend of
 * TensorFlow.js.
 *
 * @param image - RGB in [0, 255], of any size; preprocessed as the model says.
 * @returns A map with one value each stride, the mean fall over the squares that covered it.
 * @throws {OptionError} when an option or class is unknown, the patch does not fit the input or the stride, or neither options nor model
 *   say how the image
 * is preprocessed.
 * @example
 * const heat = await occlusionMap(model, photo, { patchSize: 48 });
 * @see Visualizing and understanding convolutional networks, arXiv 1311.2901, section 4.2
 */
export async function occlusionMap(model: LayersModel | Predictor, image: Pixels, options: OcclusionMapOptions = {}): Promise<HeatMap> {
  const where = 'occlusionMap';
  checkPredictor(where, model);
  const given = checkOptions(where, options, {
    target: targetRule,
    patchSize: positiveInteger,
    stride: positiveInteger,
    fillValue: finite,
    batchSize: positiveInteger,
    onProgress: callable,
    signal: signalRule,
    preprocessing: preprocessingSource,
  });
  const { target, patchSize = 32, fillValue = 127.5, batchSize = 16, onProgress, signal, preprocessing } = given;
  const { stride = Math.max(1, patchSize >> 1) } = given;
  const {
    input: { height, width, data },
    box,
  } = explainedInput(where, model, image, preprocessing);
  if (patchSize > Math.min(height, width))
    throw invalid(where, 'patchSize', `at most the input's ${Math.min(height, width)} pixels`, patchSize);
  if (patchSize % stride !== 0) {
    throw given.stride === undefined
      ? invalid(where, 'patchSize', 'an even number', patchSize, 'The stride is half of it; set `stride` for another.')
      : invalid(where, 'patchSize', `a multiple of the stride ${stride}`, patchSize);
  }
  const [rows, columns] = [Math.floor(height / stride), Math.floor(width / stride)];
  const reach = patchSize / stride;
  const places: [row: number, column: number][] = [];
  for (let row = 0; row + reach <= rows; row++) for (let column = 0; column + reach <= columns; column++) places.push([row, column]);
  const pixels = new Float32Array(data);
  const whole = await predictValues(where, model, pixels, [1, height, width, 3]);
  const answer = explained(where, model, whole.values, target);
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
    const { values, columns: outputs } = await predictValues(where, model, hidden, [batch.length, height, width, 3]);
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
  return { width: columns, height: rows, values: rectify(falls.map((fall, i) => fall / (seen[i] as number))), box, ...answer };
}
