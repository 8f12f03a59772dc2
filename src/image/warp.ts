// Affine warps with the pixel coordinates of Keras (scipy) or Pillow.

import { keysOf } from '../core/internal.js';
import { aligned, PADDING, pixelKernels } from './kernels.js';
import type { Pixels } from './pixels.js';
import { floats } from './spareFloats.js';

/** How the area outside the image is filled: with the nearest edge pixel, a constant, the mirrored image or the repeated image. */
export type FillMode = 'nearest' | 'constant' | 'reflect' | 'wrap';
export const FILL_MODES = /* @__PURE__ */ keysOf<FillMode>({ nearest: true, constant: true, reflect: true, wrap: true });

/** The source row and column of an output pixel: `[a * y + b * x + c, d * y + e * x + f]`. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Warps an image with bilinear interpolation. Pixel centers are at integer coordinates.
 *
 * @see `scipy.ndimage.affine_transform` with order 1 and the same modes; its 'wrap' has a period of one less than the side length
 */
export function warp(pixels: Pixels, matrix: Matrix, fillMode: FillMode, value: number): Pixels {
  const { width, height, channels } = pixels;
  return interpolate(pixels, matrix, 0, fillMode === 'nearest', (output, at, row, column) => {
    const y = place(row, height, fillMode);
    const x = place(column, width, fillMode);
    if (Number.isNaN(y) || Number.isNaN(x)) output.fill(value, at, at + channels);
    else sample(pixels, y, x, output, at);
  });
}

/**
 * Warps an image like Pillow's `Image.transform`: pixel centers are at half-integer coordinates, and the area outside is filled with a
 * constant.
 */
export function warpPillow(pixels: Pixels, matrix: Matrix, value: number): Pixels {
  const { width, height, channels } = pixels;
  return interpolate(pixels, matrix, 0.5, false, (output, at, row, column) => {
    if (row < 0 || row >= height || column < 0 || column >= width) output.fill(value, at, at + channels);
    else sample(pixels, row - 0.5, column - 0.5, output, at);
  });
}

type OnEdge = (output: Float32Array, at: number, row: number, column: number) => void;

/**
 * Interpolates each output pixel from the four pixels around its source position. The compiled loops handle pixels whose four neighbors are
 * inside the image (all pixels with `nearest`), and `onEdge` handles the others.
 */
function interpolate(pixels: Pixels, matrix: Matrix, center: number, nearest: boolean, onEdge: OnEdge): Pixels {
  const { width, height, channels, data } = pixels;
  const [a, b, c, d, e, f] = matrix;
  const output = floats(data.length);
  const source = 0;
  const target = aligned(4 * data.length + PADDING);
  const lent = channels === 3 && width > 1 && height > 1 ? pixelKernels(target + 4 * data.length + PADDING) : undefined;
  if (lent !== undefined) new Float32Array(lent.buffer, source, data.length).set(data);
  const inner: (readonly [first: number, last: number])[] = [];
  for (let v = 0; v < height; v++) {
    if (lent === undefined) {
      inner.push([0, 0]);
      continue;
    }
    const row = a * (v + center) + b * center + c - center;
    const column = d * (v + center) + e * center + f - center;
    const stretch = nearest ? ([0, width] as const) : within(within([0, width], row, b, height - 1), column, e, width - 1);
    lent.kernels.sampleLine(source, width, height, row, column, b, e, ...stretch, target + 12 * width * v);
    inner.push(stretch);
  }
  if (lent !== undefined) output.set(new Float32Array(lent.buffer, target, data.length));
  inner.forEach(([first, last], v) => {
    for (let u = 0; u < width; u++) {
      if (u === first && last > first) u = last;
      if (u < width)
        onEdge(output, (v * width + u) * channels, a * (v + center) + b * (u + center) + c, d * (v + center) + e * (u + center) + f);
    }
  });
  return { width, height, channels, data: output };
}

/** Returns the part of a range of points for which `start + step * point` is in [0, limit). */
function within(
  [first, last]: readonly [number, number],
  start: number,
  step: number,
  limit: number,
): readonly [first: number, last: number] {
  const holds = (point: number): boolean => start + step * point >= 0 && start + step * point < limit;
  const ends = step === 0 ? [first, last] : [-start / step, (limit - start) / step].sort((x, y) => x - y);
  // Division may round, so start with one extra point on each side and remove those outside.
  let from = Math.max(first, Math.floor(ends[0] as number) - 1);
  let to = Math.min(last, Math.ceil(ends[1] as number) + 2);
  while (from < to && !holds(from)) from++;
  while (from < to && !holds(to - 1)) to--;
  return from < to ? [from, to] : [0, 0];
}

/** Interpolates one pixel. Neighbors outside the image are replaced by the nearest edge pixel. */
function sample({ width, height, channels, data }: Pixels, row: number, column: number, output: Float32Array, at: number): void {
  const y = Math.floor(row);
  const x = Math.floor(column);
  const top = Math.min(height - 1, Math.max(0, y)) * width;
  const bottom = Math.min(height - 1, y + 1) * width;
  const left = Math.min(width - 1, Math.max(0, x));
  const right = Math.min(width - 1, x + 1);
  const dy = row - y;
  const dx = column - x;
  for (let k = 0; k < channels; k++) {
    output[at + k] =
      (1 - dy) * (1 - dx) * (data[(top + left) * channels + k] as number) +
      (1 - dy) * dx * (data[(top + right) * channels + k] as number) +
      dy * (1 - dx) * (data[(bottom + left) * channels + k] as number) +
      dy * dx * (data[(bottom + right) * channels + k] as number);
  }
}

/** Maps a coordinate into the image. NaN means that the constant is used. */
function place(coordinate: number, length: number, fillMode: FillMode): number {
  const last = length - 1;
  if (coordinate >= 0 && coordinate <= last) return coordinate;
  switch (fillMode) {
    case 'nearest':
      return coordinate < 0 ? 0 : last;
    case 'constant':
      return NaN;
    case 'wrap':
      if (last === 0) return 0;
      return coordinate < 0 ? coordinate + last * (Math.trunc(-coordinate / last) + 1) : coordinate - last * Math.trunc(coordinate / last);
    case 'reflect': {
      const period = 2 * length;
      const wrapped = ((coordinate % period) + period) % period;
      if (wrapped < length) return Math.min(last, wrapped);
      return Math.max(0, period - wrapped - 1);
    }
  }
}
