// Nearest-neighbor resizing, which copies pixels.

import type { Pixels } from './pixels.js';

/** Copies the pixels at the given source rows and columns. The result has the data type of the input. */
export function pick(pixels: Pixels, rows: Int32Array, columns: Int32Array): Pixels {
  const { channels } = pixels;
  const data = new (pixels.data.constructor as Uint8ArrayConstructor)(rows.length * columns.length * channels);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * pixels.width + column) * channels;
      for (let c = 0; c < channels; c++) data[at++] = pixels.data[from + c] as number;
    }
  }
  return { width: columns.length, height: rows.length, channels, data };
}
