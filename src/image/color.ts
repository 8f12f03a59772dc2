// Brightness, contrast, saturation, hue, lighting: the color operations of tf.image and of the AlexNet recipe.
// Results are float and clipped to [0, 255].

import { arrayOf, check, finite, nonNegative } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { PADDING, pixelKernels, type PixelKernels } from './kernels.js';
import { checkPixels, type Pixels } from './pixels.js';
import { floats } from './spareFloats.js';

/** Adds a share of the whole range to every value: 0.1 adds 25.5. @see `tf.image.adjust_brightness`, on a picture in [0, 1] */
export function adjustBrightness(image: Pixels, delta: number): Pixels {
  check('adjustBrightness', 'delta', delta, finite);
  checkPixels('adjustBrightness', image);
  return recolored(image, (canvas) => {
    changeColor.brightness(canvas, delta);
  });
}

/** Spreads the values of each channel from their mean by a factor. @see `tf.image.adjust_contrast` */
export function adjustContrast(image: Pixels, factor: number): Pixels {
  check('adjustContrast', 'factor', factor, finite);
  checkPixels('adjustContrast', image);
  return recolored(image, (canvas) => {
    changeColor.contrast(canvas, factor);
  });
}

/** Scales the saturation of the colors, in HSV: 0 is grey. @see `tf.image.adjust_saturation` */
export function adjustSaturation(image: Pixels, factor: number): Pixels {
  check('adjustSaturation', 'factor', factor, nonNegative);
  checkRgb('adjustSaturation', image);
  return recolored(image, (canvas) => {
    changeColor.saturation(canvas, factor);
  });
}

/** Turns the hue by a share of the color circle: 0.5 is the opposite color. @see `tf.image.adjust_hue` */
export function adjustHue(image: Pixels, delta: number): Pixels {
  check('adjustHue', 'delta', delta, finite);
  checkRgb('adjustHue', image);
  return recolored(image, (canvas) => {
    changeColor.hue(canvas, delta);
  });
}

/** Values that color operations change in place, in the kernels' memory where there are kernels. */
interface Canvas {
  readonly values: Float32Array;
  readonly channels: number;
  readonly kernels: PixelKernels['kernels'] | undefined;
}

/** Where a canvas has its values in the kernels' memory; before them lie the sums of its channels. */
const VALUES = 32;

/** The operations in place, so that several of them need one copy of the picture. */
export const changeColor = {
  brightness({ values, kernels }: Canvas, delta: number): void {
    const shift = 255 * delta;
    if (kernels !== undefined) kernels.scaleAndShift(VALUES, Math.ceil(values.length / 3), 1, shift, shift, shift);
    else for (let i = 0; i < values.length; i++) values[i] = clip((values[i] as number) + shift);
  },

  contrast({ values, channels, kernels }: Canvas, factor: number): void {
    if (kernels !== undefined && channels === 3) {
      kernels.sumChannels(VALUES, values.length / 3, 0);
      const [red, green, blue] = Array.from(new Float64Array(values.buffer, 0, 3), (sum) => ((sum * 3) / values.length) * (1 - factor)) as [
        number,
        number,
        number,
      ];
      kernels.scaleAndShift(VALUES, values.length / 3, factor, red, green, blue);
      return;
    }
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let i = c; i < values.length; i += channels) sum += values[i] as number;
      const mean = (sum * channels) / values.length;
      for (let i = c; i < values.length; i += channels) values[i] = clip(((values[i] as number) - mean) * factor + mean);
    }
  },

  saturation({ values, kernels }: Canvas, factor: number): void {
    if (kernels !== undefined) {
      kernels.saturate(VALUES, values.length / 3, factor);
      return;
    }
    for (let i = 0; i < values.length; i += 3) {
      const r = values[i] as number;
      const g = values[i + 1] as number;
      const b = values[i + 2] as number;
      const high = Math.max(r, g, b);
      const range = high - Math.min(r, g, b);
      // The hue stays: channels keep their place between the highest and the new lowest, which is 0 or above.
      const stretch = range * factor > high ? high / range : factor;
      values[i] = high - (high - r) * stretch;
      values[i + 1] = high - (high - g) * stretch;
      values[i + 2] = high - (high - b) * stretch;
    }
  },

  hue({ values }: Canvas, delta: number): void {
    for (let i = 0; i < values.length; i += 3) {
      const r = values[i] as number;
      const g = values[i + 1] as number;
      const b = values[i + 2] as number;
      const high = Math.max(r, g, b);
      const low = Math.min(r, g, b);
      const range = high - low;
      if (range === 0) continue;
      // Hue in sixths of the circle, and how much of each primary color lies there.
      const turned = (high === r ? (g - b) / range : high === g ? 2 + (b - r) / range : 4 + (r - g) / range) + 6 * delta;
      const h = turned - 6 * Math.floor(turned / 6);
      values[i] = low + range * share(Math.abs(h - 3) - 1);
      values[i + 1] = low + range * share(2 - Math.abs(h - 2));
      values[i + 2] = low + range * share(2 - Math.abs(h - 4));
    }
  },
};

function share(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Eigenvalues of the RGB covariance of ImageNet on the 0-255 scale, and its eigenvectors by row of R, G, B. */
const EIGENVALUES = [55.46, 4.794, 1.148] as const;
const EIGENVECTORS = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
] as const;

/**
 * Shifts all pixels along the principal components of ImageNet's colors.
 *
 * @param alphas - Strength along each component; the recipe draws them from a normal distribution of deviation 0.1.
 * @see Krizhevsky et al. 2012, section 4.1, "PCA"
 */
export function adjustLighting(image: Pixels, alphas: readonly [number, number, number]): Pixels {
  check('adjustLighting', 'alphas', alphas, arrayOf(finite, 3));
  return adjustLightingFor('adjustLighting', image, alphas);
}

/** Shifts colors for another function, under whose name it reports errors. */
export function adjustLightingFor(where: string, image: Pixels, alphas: readonly [number, number, number]): Pixels {
  checkRgb(where, image);
  const [r, g, b] = EIGENVECTORS.map((row) =>
    row.reduce((sum, v, i) => sum + v * (alphas[i] as number) * (EIGENVALUES[i] as number), 0),
  ) as [number, number, number];
  return recolored(image, ({ values, kernels }) => {
    if (kernels !== undefined) {
      kernels.scaleAndShift(VALUES, values.length / 3, 1, r, g, b);
      return;
    }
    for (let i = 0; i < values.length; i += 3) {
      values[i] = clip((values[i] as number) + r);
      values[i + 1] = clip((values[i + 1] as number) + g);
      values[i + 2] = clip((values[i + 2] as number) + b);
    }
  });
}

/** Makes all three channels the luma of the picture. @see `tf.image.rgb_to_grayscale` */
export function toGrayscale(image: Pixels): Pixels {
  return toGrayscaleFor('toGrayscale', image);
}

/** Makes an image gray for another function, under whose name it reports errors. */
export function toGrayscaleFor(where: string, image: Pixels): Pixels {
  checkRgb(where, image);
  return recolored(image, ({ values }) => {
    for (let i = 0; i < values.length; i += 3) {
      const luma = 0.2989 * (values[i] as number) + 0.587 * (values[i + 1] as number) + 0.114 * (values[i + 2] as number);
      values[i] = luma;
      values[i + 1] = luma;
      values[i + 2] = luma;
    }
  });
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** A float copy of the picture, changed. */
export function recolored(pixels: Pixels, change: (canvas: Canvas) => void): Pixels {
  const { data, channels } = pixels;
  const lent = pixelKernels(VALUES + 4 * data.length + PADDING);
  const output = floats(data.length);
  const values = lent === undefined ? output : new Float32Array(lent.buffer, VALUES, data.length);
  values.set(data);
  change({ values, channels, kernels: lent?.kernels });
  if (lent !== undefined) output.set(values);
  return { ...pixels, data: output };
}

function checkRgb(where: string, pixels: Pixels): void {
  checkPixels(where, pixels);
  if (pixels.channels !== 3) throw new ShapeError(`${where}: expected an image of 3 channels, received ${pixels.channels}.`);
}
