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
export function warp(pixels: Pixels, matrix: Matrix, fill: Fill, value: number): Pixels {
  const { width, height, channels } = pixels;
  return interpolate(pixels, matrix, 0, (output, at, row, column) => {
    const y = place(row, height, fill);
    const x = place(column, width, fill);
    if (Number.isNaN(y) || Number.isNaN(x)) output.fill(value, at, at + channels);
    else sample(pixels, y, x, output, at);
  });
}

/** As `warp`, with pixel centres at half coordinates and a constant colour outside, as Pillow's `Image.transform` does. */
export function warpPillow(pixels: Pixels, matrix: Matrix, value: number): Pixels {
  const { width, height, channels } = pixels;
  return interpolate(pixels, matrix, 0.5, (output, at, row, column) => {
    if (row < 0 || row >= height || column < 0 || column >= width) output.fill(value, at, at + channels);
    else sample(pixels, row - 0.5, column - 0.5, output, at);
  });
}

type OnEdge = (output: Float32Array, at: number, row: number, column: number) => void;

/** Mixes the four neighbours of where each pixel comes from; where not all four are in the picture, and for other than RGB, `onEdge` does. */
function interpolate({ width, height, channels, data }: Pixels, [a, b, c, d, e, f]: Matrix, centre: number, onEdge: OnEdge): Pixels {
  const output = new Float32Array(data.length);
  const [lastRow, lastColumn] = channels === 3 ? [height - 1, width - 1] : [0, 0];
  const stride = 3 * width;
  for (let v = 0, at = 0; v < height; v++) {
    for (let u = 0; u < width; u++, at += channels) {
      const fromRow = a * (v + centre) + b * (u + centre) + c;
      const fromColumn = d * (v + centre) + e * (u + centre) + f;
      const row = fromRow - centre;
      const column = fromColumn - centre;
      if (!(row >= 0 && column >= 0 && row < lastRow && column < lastColumn)) {
        onEdge(output, at, fromRow, fromColumn);
        continue;
      }
      const y = row | 0;
      const x = column | 0;
      const dy = row - y;
      const dx = column - x;
      const i = y * stride + 3 * x;
      const j = i + stride;
      const bottomRight = dy * dx;
      const bottomLeft = dy - bottomRight;
      const topRight = dx - bottomRight;
      const topLeft = 1 - dx - bottomLeft;
      output[at] = topLeft * (data[i] as number) + topRight * (data[i + 3] as number) + bottomLeft * (data[j] as number) + bottomRight * (data[j + 3] as number);
      output[at + 1] = topLeft * (data[i + 1] as number) + topRight * (data[i + 4] as number) + bottomLeft * (data[j + 1] as number) + bottomRight * (data[j + 4] as number);
      output[at + 2] = topLeft * (data[i + 2] as number) + topRight * (data[i + 5] as number) + bottomLeft * (data[j + 2] as number) + bottomRight * (data[j + 5] as number);
    }
  }
  return { width, height, channels, data: output };
}

/** As `interpolate` within, where some of the neighbours are the edge itself. */
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
