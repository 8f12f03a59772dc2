// Applies the EXIF orientation to decoded pixels.

import type { Pixels } from '../../image/index.js';

/**
 * Rotates and mirrors pixels according to their EXIF orientation (1 to 8).
 *
 * @returns The same pixels for orientation 1, otherwise new ones.
 */
export function uprightPixels(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { width, height, channels } = pixels;
  const isTurned = orientation > 4;
  const [columns, rows] = isTurned ? [height, width] : [width, height];
  // The distance, in values of the source, between neighboring pixels of the result. It is negative where the source is read backwards.
  const alongX = [2, 3, 7, 8].includes(orientation) ? -channels : channels;
  const alongY = [3, 4, 6, 7].includes(orientation) ? -channels * width : channels * width;
  const start = (alongX < 0 ? (width - 1) * channels : 0) + (alongY < 0 ? (height - 1) * width * channels : 0);
  const [step, down] = isTurned ? [alongY, alongX] : [alongX, alongY];
  const data = new Uint8Array(pixels.data.length);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    let from = start + row * down;
    for (let column = 0; column < columns; column++, from += step) {
      for (let channel = 0; channel < channels; channel++) data[to++] = pixels.data[from + channel] as number;
    }
  }
  return { width: columns, height: rows, channels, data };
}
