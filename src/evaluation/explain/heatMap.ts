// Defines heat maps, draws them over images, and contains what gradCam.ts, classActivationMap.ts and occlusionMap.ts share.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  check,
  checkOptions,
  either,
  finite,
  largest,
  nonNegativeInteger,
  positive,
  positiveInteger,
  probability,
  record,
  rule,
  text,
} from '../../core/internal.js';
import { ShapeError } from '../../core/index.js';
import { checkPixels, coveredBox } from '../../image/internal.js';
import type { CoveredBox, Pixels, PreprocessingSource } from '../../image/index.js';
import { targetIndex } from '../metrics/internal.js';
import { checkFiniteOutputs, inputPreprocessing, knownClassNames, modelInput } from '../predict/internal.js';
import type { Predictor } from '../predict/index.js';

/** The relevance of each region of an image for a class. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  /** Values in [0, 1], row by row. The maximum is 1, unless no region supports the class: then all values are 0. */
  readonly values: Float32Array;
  /** The part of the image that the map covers. It extends beyond the image if the image was padded. @defaultValue the whole image */
  readonly box?: CoveredBox | undefined;
  /** Index of the explained class. */
  readonly classIndex: number;
  readonly className: string;
  /** Output of the model for the class and the whole image: a probability or a logit. */
  readonly probability: number;
}

/** Options of {@link overlayHeat}. */
export interface OverlayHeatOptions {
  /** Opacity of the map at its maximum, in [0, 1]. @defaultValue 0.65 */
  readonly opacity?: number | undefined;
}

/** Accepts a class by index or name. */
export const targetRule = either<number, string>(nonNegativeInteger, text);

// From low to high values. The brightness increases as well, so that the map can be read without colors.
const COLORS = [
  [20, 11, 53],
  [132, 32, 107],
  [229, 92, 48],
  [246, 215, 70],
  [252, 255, 164],
] as const;

const heatRule = rule<HeatMap>('a heat map { width, height, values } of finite numbers, such as gradCam() returns', (value) => {
  const { width, height, values, box = { top: 0, left: 0, height: 1, width: 1 } } = (value ?? {}) as Partial<HeatMap>;
  const isMap =
    positiveInteger.accepts(width) &&
    positiveInteger.accepts(height) &&
    values?.length === width * height &&
    Array.from(values).every(Number.isFinite);
  return (
    isMap &&
    record.accepts(box) &&
    finite.accepts(box.top) &&
    finite.accepts(box.left) &&
    positive.accepts(box.height) &&
    positive.accepts(box.width)
  );
});

/**
 * Draws a heat map over an image. Where the map is 0, and outside the part that the model received, the image does not change.
 *
 * @param image - The explained image, or a resized copy of it. Gray or RGB in [0, 255].
 * @returns uint8 RGB pixels with the size of the image.
 * @throws {OptionError} when an argument is not an image or not a heat map, or an option is unknown or has a wrong value.
 * @example
 * const overlay = overlayHeat(photo, await gradCam(model, photo));
 */
export function overlayHeat(image: Pixels, heat: HeatMap, options: OverlayHeatOptions = {}): Pixels {
  checkPixels('overlayHeat', image);
  check('overlayHeat', 'heat', heat, heatRule);
  const { opacity = 0.65 } = checkOptions('overlayHeat', options, { opacity: probability });
  const { width, height, channels } = image;
  const { top, left, height: tall, width: wide } = heat.box ?? { top: 0, left: 0, height: 1, width: 1 };
  const [rows, columns] = [places(height, heat.height, top, tall), places(width, heat.width, left, wide)];
  const data = new Uint8ClampedArray(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const value = between(heat, rows[Math.floor(pixel / width)] as number, columns[pixel % width] as number);
    const cover = opacity * value;
    const color = colorOf(value);
    for (let channel = 0; channel < 3; channel++) {
      const own = image.data[pixel * channels + (channels >= 3 ? channel : 0)] as number;
      data[pixel * 3 + channel] = own * (1 - cover) + (color[channel] as number) * cover;
    }
  }
  return { width, height, channels: 3, data };
}

/** Returns the positions of the pixels of one axis in the map, or NaN for pixels outside of it. */
function places(pixels: number, cells: number, start: number, length: number): Float64Array {
  return Float64Array.from({ length: pixels }, (_, i) => {
    const at = ((i + 0.5) / pixels - start) / length;
    return at >= 0 && at <= 1 ? Math.min(cells - 1, Math.max(0, at * cells - 0.5)) : NaN;
  });
}

/** Interpolates the map bilinearly. Returns 0 outside of it. */
function between({ values, width, height }: HeatMap, y: number, x: number): number {
  if (Number.isNaN(y) || Number.isNaN(x)) return 0;
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(height - 1, top + 1), Math.min(width - 1, left + 1)];
  const row = (at: number): number => {
    const from = values[at * width + left] as number;
    return from + ((values[at * width + right] as number) - from) * (x - left);
  };
  return row(top) + (row(bottom) - row(top)) * (y - top);
}

/**
 * Returns the model's input for an image, and the part of the image that it contains.
 *
 * @throws the errors of {@link modelInput}, and a ShapeError when the image is not RGB.
 */
export function explainedInput(
  where: string,
  model: LayersModel | Predictor,
  image: Pixels,
  given: PreprocessingSource | undefined,
): { readonly input: Pixels; readonly box: CoveredBox } {
  checkPixels(where, image);
  if (image.channels !== 3)
    throw new ShapeError(
      `${where}: expected an RGB image [height, width, 3] for \`image\`, received [${image.height}, ${image.width}, ${image.channels}].`,
    );
  return { input: modelInput(where, model, image, given), box: coveredBox(image, inputPreprocessing(where, model, given)) };
}

/** Converts an input to a tensor `[1, height, width, 3]`. The caller must dispose it. */
export function tensorOf({ height, width, data }: Pixels): tf.Tensor4D {
  return tf.tensor4d(new Float32Array(data), [1, height, width, 3]);
}

/**
 * Returns the class to explain: the given one, or the most probable one.
 *
 * @throws {OptionError} when there is no such class, or several classes have this name.
 * @throws {DataError} when an output is not finite.
 */
export function explained(
  where: string,
  model: LayersModel | Predictor,
  outputs: ArrayLike<number>,
  target: number | string | undefined,
): Pick<HeatMap, 'classIndex' | 'className' | 'probability'> {
  const values = outputs.length === 1 ? [1 - (outputs[0] as number), outputs[0] as number] : Array.from(outputs);
  checkFiniteOutputs(where, values);
  const classNames = knownClassNames(model);
  const classIndex =
    target === undefined ? values.indexOf(largest(values)) : targetIndex(where, 'target', target, values.length, classNames);
  return { classIndex, className: classNames?.[classIndex] ?? String(classIndex), probability: values[classIndex] as number };
}

/** Replaces negative values by 0 and scales the others to a maximum of 1. Returns a new array. */
export function rectify(values: Float32Array): Float32Array {
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (highest === 0 || value < 0 ? 0 : value / highest));
}

function colorOf(value: number): readonly number[] {
  const at = Math.min(1, Math.max(0, value)) * (COLORS.length - 1);
  const low = Math.min(COLORS.length - 2, Math.floor(at));
  const [from, to] = [COLORS[low] as readonly number[], COLORS[low + 1] as readonly number[]];
  return from.map((channel, i) => channel + ((to[i] as number) - channel) * (at - low));
}
