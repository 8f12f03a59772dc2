// Computes occlusion maps: how much hiding each part of an image lowers the probability of a class. Slow, but needs only predictions.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { callable, checkOptions, finite, invalid, positiveInteger, signal as signalRule, trackProgress } from '../../core/internal.js';
import type { ProgressListener } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { checkPredictor, predictValues, preprocessingSource } from '../predict/internal.js';
import type { Predictor } from '../predict/index.js';
import { explained, explainedInput, rectify, targetRule, type HeatMap } from './heatMap.js';

/** Options of {@link occlusionMap}. */
export interface OcclusionMapOptions {
  /** Index or name of the class to explain. @defaultValue the most probable class */
  readonly target?: number | string | undefined;
  /** How the image is converted to the input of the model. @defaultValue the preprocessing stored in the model, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** Side of the hidden square, in pixels of the model's input. A multiple of the stride. @defaultValue 32 */
  readonly patchSize?: number | undefined;
  /** Distance between positions of the square, in pixels. @defaultValue half of `patchSize` */
  readonly stride?: number | undefined;
  /** Value of hidden pixels, in [0, 255]. @defaultValue 127.5 */
  readonly fillValue?: number | undefined;
  /** Number of images to predict at once. @defaultValue 16 */
  readonly batchSize?: number | undefined;
  /** Called after every batch. @defaultValue none */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborts between batches. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Hides each part of an image in turn and maps how much the probability of a class decreases.
 *
 * Works with any predictor. A runtime of `createRuntime` needs no backend of TensorFlow.js.
 *
 * @param image - RGB in [0, 255], of any size.
 * @returns A map with one value per stride: the mean decrease over the squares that cover it.
 * @throws {OptionError} when an option or class is unknown, several classes have the given name, the model is disposed, the preprocessing
 *   is unknown, or `patchSize` is larger than the input or not a multiple of the stride.
 * @throws {ShapeError} when the image is not RGB, or the model does not return one tensor `[batch, classes]`.
 * @throws {DataError} when a pixel or an output of the model is not finite.
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
      ? invalid(where, 'patchSize', 'an even number', patchSize, 'The stride is half of it, unless `stride` is set.')
      : invalid(where, 'patchSize', `a multiple of the stride ${stride}`, patchSize);
  }
  const [rows, columns] = [Math.floor(height / stride), Math.floor(width / stride)];
  const reach = patchSize / stride;
  const positions: [row: number, column: number][] = [];
  for (let row = 0; row + reach <= rows; row++) for (let column = 0; column + reach <= columns; column++) positions.push([row, column]);
  const pixels = new Float32Array(data);
  const whole = await predictValues(where, model, pixels, [1, height, width, 3]);
  const explanation = explained(where, model, whole.values, target);
  const decreases = new Float32Array(rows * columns);
  const seen = new Float32Array(rows * columns);
  const report = trackProgress(onProgress, 'occlusion', 'patches', positions.length);
  for (let start = 0; start < positions.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = positions.slice(start, start + batchSize);
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
      const left =
        outputs === 1 ? (explanation.classIndex === 1 ? only : 1 - only) : (values[i * outputs + explanation.classIndex] as number);
      for (let y = row; y < row + reach; y++) {
        for (let x = column; x < column + reach; x++) {
          const cell = y * columns + x;
          decreases[cell] = (decreases[cell] as number) + explanation.probability - left;
          seen[cell] = (seen[cell] as number) + 1;
        }
      }
    });
    report(start + batch.length);
  }
  return {
    width: columns,
    height: rows,
    values: rectify(decreases.map((decrease, i) => decrease / (seen[i] as number))),
    box,
    ...explanation,
  };
}
