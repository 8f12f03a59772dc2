// A map of what mattered, and how it is laid over its picture. Where maps come from: gradCam.ts, classActivationMap.ts, occlusionMap.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, invalid, largest, nonNegativeInteger, probability, either, ShapeError, text } from '../core/index.js';
import { checkFinitePixels, checkPixels, resize, type Pixels } from '../image/index.js';
import { checkFiniteOutputs, inputShapeOf, knownClassNames, type Predictor } from './evaluate.js';

/** How much each place of a picture spoke for a class. */
export interface HeatMap {
  readonly width: number;
  readonly height: number;
  /** Row by row, in [0, 1]; the highest is 1, all are 0 where nothing spoke for the class. */
  readonly values: Float32Array;
  /** The class that is explained. */
  readonly classIndex: number;
  readonly className: string;
  /** Its probability, or output, for the whole picture. */
  readonly probability: number;
}

/** How a map is laid over its picture. */
export interface OverlayOptions {
  /** How much of the picture the hottest place hides, in [0, 1]. @defaultValue 0.65 */
  readonly opacity?: number | undefined;
}

/** A class, by index or by a name the model knows. */
export const targetRule = either<number, string>(nonNegativeInteger, text);

// From cold to hot; dark to light, so that it reads without colors too.
const COLOURS = [[20, 11, 53], [132, 32, 107], [229, 92, 48], [246, 215, 70], [252, 255, 164]] as const;

/**
 * Lays a heat map over its picture: cold places stay as they are, hot ones glow.
 *
 * @param image - The picture, of any size; the map is stretched over it bilinearly.
 * @returns uint8 RGB pixels of the picture's size.
 * @throws {OptionError} when the picture is none, or an option is unknown or has a wrong value.
 * @example
 * const shown = overlayHeat(photo, await gradCam(model, photo));
 */
export function overlayHeat(image: Pixels, heat: HeatMap, options: OverlayOptions = {}): Pixels {
  checkPixels('overlayHeat', image);
  const { opacity = 0.65 } = checkOptions('overlayHeat', options, { opacity: probability });
  const { width, height, channels } = image;
  const stretched = resize({ width: heat.width, height: heat.height, channels: 1, data: heat.values }, [height, width]).data;
  const data = new Uint8ClampedArray(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const value = stretched[pixel] as number;
    const cover = opacity * value;
    const color = colorOf(value);
    for (let channel = 0; channel < 3; channel++) {
      const own = image.data[pixel * channels + (channels >= 3 ? channel : 0)] as number;
      data[pixel * 3 + channel] = own * (1 - cover) + (color[channel] as number) * cover;
    }
  }
  return { width, height, channels: 3, data };
}

/** A picture as the model's input `[1, height, width, 3]`, resized where its size differs; the caller disposes it. */
export function inputOf(where: string, model: LayersModel | Predictor, image: Pixels): tf.Tensor4D {
  checkPixels(where, image);
  checkFinitePixels(where, image);
  if (image.channels !== 3) throw new ShapeError(`${where}: expected an RGB image [height, width, 3] for \`image\`, received [${image.height}, ${image.width}, ${image.channels}].`);
  const [, height, width] = inputShapeOf(model) ?? [];
  const fitted = resize(image, [height ?? image.height, width ?? image.width]);
  return tf.tensor4d(new Float32Array(fitted.data), [1, fitted.height, fitted.width, 3]);
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
    const known = classNames === undefined ? '' : ' or one of the names of the model\'s classes';
    throw invalid(where, 'target', `an index below ${values.length}${known}`, target);
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
