// Brightness, contrast, saturation, hue, lighting: the colour operations of tf.image and of the AlexNet recipe.
// Results are float and clipped to [0, 255].

import { check, finite, nonNegative, ShapeError } from '../core/index.js';
import { checkPixels, type Pixels } from './pixels.js';

/** Adds a share of the whole range to every value: 0.1 adds 25.5. @see `tf.image.adjust_brightness`, on a picture in [0, 1] */
export function adjustBrightness(pixels: Pixels, delta: number): Pixels {
  check('adjustBrightness', 'delta', delta, finite);
  checkPixels('adjustBrightness', pixels);
  const shift = 255 * delta;
  const { data } = pixels;
  const output = new Float32Array(data.length);
  for (let i = 0; i < output.length; i++) output[i] = clip((data[i] as number) + shift);
  return { ...pixels, data: output };
}

/** Spreads the values of each channel from their mean by a factor. @see `tf.image.adjust_contrast` */
export function adjustContrast(pixels: Pixels, factor: number): Pixels {
  check('adjustContrast', 'factor', factor, finite);
  checkPixels('adjustContrast', pixels);
  const { channels, data } = pixels;
  const output = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = c; i < data.length; i += channels) sum += data[i] as number;
    const mean = (sum * channels) / data.length;
    for (let i = c; i < data.length; i += channels) output[i] = clip(((data[i] as number) - mean) * factor + mean);
  }
  return { ...pixels, data: output };
}

/** Scales the saturation of the colours, in HSV: 0 is grey. @see `tf.image.adjust_saturation` */
export function adjustSaturation(pixels: Pixels, factor: number): Pixels {
  check('adjustSaturation', 'factor', factor, nonNegative);
  return eachColour('adjustSaturation', pixels, (r, g, b, output, at) => {
    const high = Math.max(r, g, b);
    const low = Math.min(r, g, b);
    const saturation = high === 0 ? 0 : (high - low) / high;
    const wanted = Math.min(1, saturation * factor);
    // The hue stays: channels keep their place between the highest and the new lowest.
    const stretch = high === low ? 0 : (wanted * high) / (high - low);
    output[at] = high - (high - r) * stretch;
    output[at + 1] = high - (high - g) * stretch;
    output[at + 2] = high - (high - b) * stretch;
  });
}

/** Turns the hue by a share of the colour circle: 0.5 is the opposite colour. @see `tf.image.adjust_hue` */
export function adjustHue(pixels: Pixels, delta: number): Pixels {
  check('adjustHue', 'delta', delta, finite);
  return eachColour('adjustHue', pixels, (r, g, b, output, at) => {
    const high = Math.max(r, g, b);
    const low = Math.min(r, g, b);
    const range = high - low;
    // Hue in sixths of the circle.
    const hue = range === 0 ? 0 : high === r ? (g - b) / range : high === g ? 2 + (b - r) / range : 4 + (r - g) / range;
    const turned = hue + 6 * delta;
    const h = turned - 6 * Math.floor(turned / 6);
    output[at] = low + range * wedge(h);
    output[at + 1] = low + range * wedge(h >= 2 ? h - 2 : h + 4);
    output[at + 2] = low + range * wedge(h >= 4 ? h - 4 : h + 2);
  });
}

/** Share of a primary colour at a distance along the circle from it, in sixths. */
function wedge(h: number): number {
  return h <= 1 || h >= 5 ? 1 : h >= 2 && h <= 4 ? 0 : h < 2 ? 2 - h : h - 4;
}

/** Eigenvalues of the RGB covariance of ImageNet on the 0-255 scale, and its eigenvectors by row of R, G, B. */
const EIGENVALUES = [55.46, 4.794, 1.148] as const;
const EIGENVECTORS = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
] as const;

/**
 * Shifts all pixels along the principal components of ImageNet's colours.
 *
 * @param alphas - Strength along each component; the recipe draws them from a normal distribution of deviation 0.1.
 * @see Krizhevsky et al. 2012, section 4.1, "PCA"
 */
export function adjustLighting(pixels: Pixels, alphas: readonly [number, number, number]): Pixels {
  const [r, g, b] = EIGENVECTORS.map((row) => row.reduce((sum, v, i) => sum + v * (alphas[i] as number) * (EIGENVALUES[i] as number), 0)) as [number, number, number];
  return eachColour('adjustLighting', pixels, (red, green, blue, output, at) => {
    output[at] = clip(red + r);
    output[at + 1] = clip(green + g);
    output[at + 2] = clip(blue + b);
  });
}

/** Makes all three channels the luma of the picture. @see `tf.image.rgb_to_grayscale` */
export function toGrayscale(pixels: Pixels): Pixels {
  return eachColour('toGrayscale', pixels, (r, g, b, output, at) => {
    output.fill(0.2989 * r + 0.587 * g + 0.114 * b, at, at + 3);
  });
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

type ColourFunction = (r: number, g: number, b: number, output: Float32Array, at: number) => void;

function eachColour(where: string, pixels: Pixels, fn: ColourFunction): Pixels {
  checkPixels(where, pixels);
  if (pixels.channels !== 3) throw new ShapeError(`${where}: expected a picture of 3 channels, received ${pixels.channels}.`);
  const { data } = pixels;
  const output = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) fn(data[i] as number, data[i + 1] as number, data[i + 2] as number, output, i);
  return { ...pixels, data: output };
}
