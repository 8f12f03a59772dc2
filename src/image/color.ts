// Color operations of `tf.image` and of the AlexNet recipe: brightness, contrast, saturation, hue, lighting. Results are float32, clipped
// to [0, 255].

import { arrayOf, check, finite, nonNegative } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { PADDING, pixelKernels, type PixelKernels } from './kernels.js';
import { checkPixels, type Pixels } from './pixels.js';
import { floats } from './spareFloats.js';

/** Adds a fraction of the full range to every value: 0.1 adds 25.5. @see `tf.image.adjust_brightness`, on an image in [0, 1] */
export function adjustBrightness(image: Pixels, delta: number): Pixels {
  check('adjustBrightness', 'delta', delta, finite);
  checkPixels('adjustBrightness', image);
  return recolored(image, (canvas) => {
    changeColor.brightness(canvas, delta);
  });
}

/** Multiplies the distance of every value from the mean of its channel by a factor. @see `tf.image.adjust_contrast` */
export function adjustContrast(image: Pixels, factor: number): Pixels {
  check('adjustContrast', 'factor', factor, finite);
  checkPixels('adjustContrast', image);
  return recolored(image, (canvas) => {
    changeColor.contrast(canvas, factor);
  });
}

/** Multiplies the HSV saturation by a factor: 0 gives a gray image. @see `tf.image.adjust_saturation` */
export function adjustSaturation(image: Pixels, factor: number): Pixels {
  check('adjustSaturation', 'factor', factor, nonNegative);
  checkRgb('adjustSaturation', image);
  return recolored(image, (canvas) => {
    changeColor.saturation(canvas, factor);
  });
}

/** Rotates the hue by a fraction of the color circle: 0.5 gives the complementary color. @see `tf.image.adjust_hue` */
export function adjustHue(image: Pixels, delta: number): Pixels {
  check('adjustHue', 'delta', delta, finite);
  checkRgb('adjustHue', image);
  return recolored(image, (canvas) => {
    changeColor.hue(canvas, delta);
  });
}

/** The values of an image, changed in place. They are in the memory of the compiled loops if those are available. */
interface Canvas {
  readonly values: Float32Array;
  readonly channels: number;
  readonly kernels: PixelKernels['kernels'] | undefined;
}

/** Address of the values in the memory of the compiled loops. The channel sums are stored before it. */
const VALUES = 32;

/** The operations in place, so that several of them need only one copy of the image. */
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
      // Scaling all distances from the maximum by the same factor preserves the hue. The factor is limited so that the minimum stays at 0
      // or above.
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
      // The hue in sixths of the color circle. The channels are then computed from it.
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

/** Eigenvalues and eigenvectors of the RGB covariance of ImageNet, for values in [0, 255]. The rows of the eigenvectors are R, G and B. */
const EIGENVALUES = [55.46, 4.794, 1.148] as const;
const EIGENVECTORS = [
  [-0.5675, 0.7192, 0.4009],
  [-0.5808, -0.0045, -0.814],
  [-0.5836, -0.6948, 0.4203],
] as const;

/**
 * Shifts all pixels along the principal components of ImageNet's colors.
 *
 * @param alphas - The strength along each component. AlexNet draws them from a normal distribution with standard deviation 0.1.
 * @see Krizhevsky et al. 2012, section 4.1, "PCA"
 */
export function adjustLighting(image: Pixels, alphas: readonly [number, number, number]): Pixels {
  check('adjustLighting', 'alphas', alphas, arrayOf(finite, 3));
  return adjustLightingFor('adjustLighting', image, alphas);
}

/** Same as {@link adjustLighting}. Errors begin with `where`, the function that the user called. */
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

/** Sets all three channels to the luma of the image. @see `tf.image.rgb_to_grayscale` */
export function toGrayscale(image: Pixels): Pixels {
  return toGrayscaleFor('toGrayscale', image);
}

/** Same as {@link toGrayscale}. Errors begin with `where`, the function that the user called. */
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

/** Returns a float32 copy of the image after `change` has modified it in place. */
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
