// Affine warps: output pixels look up where they come from. Two conventions: Keras' (scipy) and Pillow's.

import type { Pixels } from './pixels.js';

/** What lies outside the picture: its edge, a constant, its mirror image, or the picture again. */
export const FILLS = ['nearest', 'constant', 'reflect', 'wrap'] as const;
export type Fill = (typeof FILLS)[number];

/** Row and column a pixel comes from: `[a * y + b * x + c, d * y + e * x + f]`. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Warps with bilinear interpolation between pixel centres at whole coordinates.
 *
 * @see `scipy.ndimage.affine_transform` with order 1, whose modes these are; its 'wrap' repeats with a period of one less than the side
 */
export function warp(pixels: Pixels, [a, b, c, d, e, f]: Matrix, fill: Fill, value: number): Pixels {
  const { width, height, channels, data } = pixels;
  const output = new Float32Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      let row = a * y + b * x + c;
      let column = d * y + e * x + f;
      if (!(row >= 0 && row <= height - 1)) row = place(row, height, fill);
      if (!(column >= 0 && column <= width - 1)) column = place(column, width, fill);
      if (Number.isNaN(row) || Number.isNaN(column)) output.fill(value, at, at + channels);
      else sample(data, row, column, width, height, channels, output, at);
    }
  }
  return { width, height, channels, data: output };
}

/** As `warp`, with pixel centres at half coordinates and a constant colour outside, as Pillow's `Image.transform` does. */
export function warpPillow(pixels: Pixels, [a, b, c, d, e, f]: Matrix, value: number): Pixels {
  const { width, height, channels, data } = pixels;
  const output = new Float32Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const row = a * (y + 0.5) + b * (x + 0.5) + c;
      const column = d * (y + 0.5) + e * (x + 0.5) + f;
      if (row < 0 || row >= height || column < 0 || column >= width) output.fill(value, at, at + channels);
      else sample(data, row - 0.5, column - 0.5, width, height, channels, output, at);
    }
  }
  return { width, height, channels, data: output };
}

function sample(data: Pixels['data'], row: number, column: number, width: number, height: number, channels: number, output: Float32Array, at: number): void {
  if (channels === 3 && row >= 0 && column >= 0 && row < height - 1 && column < width - 1) {
    sampleInside(data, row, column, width, output, at);
    return;
  }
  const y = Math.floor(row);
  const x = Math.floor(column);
  const top = Math.min(height - 1, Math.max(0, y)) * width;
  const bottom = Math.min(height - 1, y + 1) * width;
  const left = Math.min(width - 1, Math.max(0, x));
  const right = Math.min(width - 1, x + 1);
  const dy = row - y;
  const dx = column - x;
  const topLeft = (1 - dy) * (1 - dx);
  const topRight = (1 - dy) * dx;
  const bottomLeft = dy * (1 - dx);
  const bottomRight = dy * dx;
  for (let k = 0; k < channels; k++) {
    output[at + k] =
      topLeft * (data[(top + left) * channels + k] as number) +
      topRight * (data[(top + right) * channels + k] as number) +
      bottomLeft * (data[(bottom + left) * channels + k] as number) +
      bottomRight * (data[(bottom + right) * channels + k] as number);
  }
}

/** The common case: RGB, all four neighbours in the picture. */
function sampleInside(data: Pixels['data'], row: number, column: number, width: number, output: Float32Array, at: number): void {
  const y = row | 0;
  const x = column | 0;
  const dy = row - y;
  const dx = column - x;
  const i = (y * width + x) * 3;
  const j = i + width * 3;
  const d = dy * dx;
  const c = dy - d;
  const b = dx - d;
  const a = 1 - dx - c;
  output[at] = a * (data[i] as number) + b * (data[i + 3] as number) + c * (data[j] as number) + d * (data[j + 3] as number);
  output[at + 1] = a * (data[i + 1] as number) + b * (data[i + 4] as number) + c * (data[j + 1] as number) + d * (data[j + 4] as number);
  output[at + 2] = a * (data[i + 2] as number) + b * (data[i + 5] as number) + c * (data[j + 2] as number) + d * (data[j + 5] as number);
}

/** Brings a coordinate into the picture; NaN means the constant. */
function place(coordinate: number, length: number, fill: Fill): number {
  const last = length - 1;
  if (coordinate >= 0 && coordinate <= last) return coordinate;
  switch (fill) {
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
