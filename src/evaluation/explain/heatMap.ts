// A map of what mattered, and how it is laid over its picture. Where maps come from: gradCam.ts, classActivationMap.ts, occlusionMap.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  check,
  checkOptions,
  didYouMean,
  either,
  finite,
  invalid,
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
import { checkFiniteOutputs, knownClassNames } from '../predict/internal.js';
import type { Predictor } from '../predict/index.js';
import { inputPreprocessing, modelInput } from '../predict/internal.js';

/** How much each place of an image spoke for a class. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  /** Row by row, in [0, 1]; the highest is 1, all are 0 where nothing spoke for the class. */
  readonly values: Float32Array;
  /** The part of the image that the map covers; it reaches outside the image where that was padded. @defaultValue the whole image */
  readonly box?: CoveredBox | undefined;
  /** The class that is explained. */
  readonly classIndex: number;
  readonly className: string;
  /** Its probability, or output, for the whole picture. */
  readonly probability: number;
}

/** How a map is laid over its picture. */
export interface OverlayHeatOptions {
  /** How much of the picture the hottest place hides, in [0, 1]. @defaultValue 0.65 */
  readonly opacity?: number | undefined;
}

/** A class, by index or by a name the model knows. */
export const targetRule = either<number, string>(nonNegativeInteger, text);

// From cold to hot; dark to light, so that it reads without colors too.
const COLOURS = [
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
 * Lays a heat map over its image: cold places stay as they are, hot ones glow. What the model did not see stays as it is, too.
 *
 * @param image - The image that was explained, or a smaller or larger copy of it.
 * @returns uint8 RGB pixels of the image's size.
 * @throws {OptionError} when the image is none, or an option is unknown or has a wrong value.
 * @example
 * const shown = overlayHeat(photo, await gradCam(model, photo));
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

/** Where the pixels of one axis lie in the map, NaN outside it. */
function places(pixels: number, cells: number, start: number, length: number): Float64Array {
  return Float64Array.from({ length: pixels }, (_, i) => {
    const share = ((i + 0.5) / pixels - start) / length;
    return share >= 0 && share <= 1 ? Math.min(cells - 1, Math.max(0, share * cells - 0.5)) : NaN;
  });
}

/** The bilinear value of the map at a place, 0 outside it. */
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

/** The model's input of an image, and the part of the image it shows. */
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

/** An input as a tensor `[1, height, width, 3]`; the caller disposes it. */
export function tensorOf({ height, width, data }: Pixels): tf.Tensor4D {
  return tf.tensor4d(new Float32Array(data), [1, height, width, 3]);
}

/** The class asked for, or else the most probable one. */
export function explained(
  where: string,
  model: LayersModel | Predictor,
  outputs: ArrayLike<number>,
  target: number | string | undefined,
): Pick<HeatMap, 'classIndex' | 'className' | 'probability'> {
  const values = outputs.length === 1 ? [1 - (outputs[0] as number), outputs[0] as number] : Array.from(outputs);
  checkFiniteOutputs(where, values);
  const classNames = knownClassNames(model);
  let classIndex = values.indexOf(largest(values));
  if (typeof target === 'number') classIndex = target;
  else if (target !== undefined) classIndex = classNames?.indexOf(target) ?? -1;
  if (classIndex < 0 || classIndex >= values.length) {
    const known = classNames === undefined ? '' : " or one of the names of the model's classes";
    throw invalid(where, 'target', `an index below ${values.length}${known}`, target, didYouMean(target, classNames ?? []));
  }
  return { classIndex, className: classNames?.[classIndex] ?? String(classIndex), probability: values[classIndex] as number };
}

/** Keeps what speaks for the class and scales it so that the highest is 1, in place. */
export function rectify(values: Float32Array): Float32Array {
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (highest === 0 || value < 0 ? 0 : value / highest));
}

function colorOf(value: number): readonly number[] {
  const at = Math.min(1, Math.max(0, value)) * (COLOURS.length - 1);
  const low = Math.min(COLOURS.length - 2, Math.floor(at));
  const [from, to] = [COLOURS[low] as readonly number[], COLOURS[low + 1] as readonly number[]];
  return from.map((channel, i) => channel + ((to[i] as number) - channel) * (at - low));
}
