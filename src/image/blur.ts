// Gaussian blur, computed separately for rows and columns.

import { check, positive } from '../core/internal.js';
import { checkPixels, type Pixels } from './pixels.js';

/**
 * Blurs an image with a Gaussian kernel. The result has float32 values. Edges are mirrored, and the kernel is truncated at four standard
 * deviations.
 *
 * @param sigma - The standard deviation in pixels.
 * @see `scipy.ndimage.gaussian_filter` with mode 'reflect'
 */
export function gaussianBlur(image: Pixels, sigma: number): Pixels {
  checkPixels('gaussianBlur', image);
  check('gaussianBlur', 'sigma', sigma, positive);
  return blurred(image, sigma);
}

function blurred(image: Pixels, sigma: number): Pixels {
  const { width, height, channels } = image;
  const rows = filterAlong(image.data, kernelOf(sigma, height), height, width * channels, 1, width * channels);
  return { ...image, data: filterAlong(rows, kernelOf(sigma, width), width, channels, height, channels, width * channels) };
}

/** The weights of a Gaussian along a side of `length` pixels, at most two mirrored sides of them. */
function kernelOf(sigma: number, length: number): Float64Array {
  // From ten sides on, every pixel counts the same, to the precision of a float.
  const spread = Math.min(sigma, 10 * length);
  const radius = Math.floor(4 * spread + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * spread ** 2)));
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  kernel.forEach((weight, i) => {
    kernel[i] = weight / sum;
  });
  if (radius <= length) return kernel;
  // The mirrored image repeats after two sides, so weights that far apart belong to the same pixel.
  const folded = new Float64Array(2 * length + 1);
  kernel.forEach((weight, i) => {
    const at = (((i - radius + length) % (2 * length)) + 2 * length) % (2 * length);
    folded[at] = (folded[at] as number) + weight;
  });
  return folded;
}

/** Filters `lines` groups of `length` positions. Positions are `step` values apart, and each is `wide` values wide. */
function filterAlong(
  data: Pixels['data'],
  kernel: Float64Array,
  length: number,
  step: number,
  lines: number,
  wide: number,
  next = 0,
): Float32Array {
  const output = new Float32Array(data.length);
  const radius = (kernel.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    for (let position = 0; position < length; position++) {
      const at = line * next + position * step;
      for (let k = 0; k < kernel.length; k++) {
        const from = line * next + mirrored(position + k - radius, length) * step;
        const weight = kernel[k] as number;
        for (let i = 0; i < wide; i++) output[at + i] = (output[at + i] as number) + weight * (data[from + i] as number);
      }
    }
  }
  return output;
}

function mirrored(position: number, length: number): number {
  const period = 2 * length;
  const wrapped = ((position % period) + period) % period;
  return wrapped < length ? wrapped : period - 1 - wrapped;
}
