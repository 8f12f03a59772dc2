// Resizes images by weighted sums, first along the rows, then along the columns.

import type { Pixels } from './pixels.js';
import type { Spans } from './spans.js';

/** Resizes an image and writes the result to `output`. */
export function filter(pixels: Pixels, output: Float32Array, columns: Spans, rows: Spans): void {
  const stride = columns.starts.length * pixels.channels;
  output.fill(0);
  // A ring buffer of filtered source rows. It contains as many rows as one output row needs.
  const ring = Array.from({ length: rows.taps }, () => new Float32Array(stride));
  const held = new Int32Array(rows.taps).fill(-1);
  for (let y = 0; y < rows.starts.length; y++) {
    const start = rows.starts[y] as number;
    const target = output.subarray(y * stride, (y + 1) * stride);
    for (let k = 0; k < (rows.counts[y] as number); k++) {
      const row = start + k;
      const slot = row % rows.taps;
      const source = ring[slot] as Float32Array;
      if (held[slot] !== row) {
        filterRow(pixels, row, columns, source);
        held[slot] = row;
      }
      addRow(target, source, rows.weights[y * rows.taps + k] as number);
    }
  }
}

function addRow(target: Float32Array, source: Float32Array, weight: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + weight * (source[i] as number);
}

function filterRow(pixels: Pixels, row: number, columns: Spans, output: Float32Array): void {
  const { channels, data } = pixels;
  const { taps, starts, counts, weights } = columns;
  const base = row * pixels.width * channels;
  if (channels !== 3) {
    for (let x = 0, at = 0; x < starts.length; x++) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        const from = base + (starts[x] as number) * channels + c;
        for (let k = 0; k < (counts[x] as number); k++) sum += (weights[x * taps + k] as number) * (data[from + k * channels] as number);
        output[at] = sum;
      }
    }
    return;
  }
  for (let x = 0, at = 0; x < starts.length; x++, at += 3) {
    let from = base + (starts[x] as number) * 3;
    let weight = x * taps;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = weight + (counts[x] as number); weight < end; weight++, from += 3) {
      const w = weights[weight] as number;
      red += w * (data[from] as number);
      green += w * (data[from + 1] as number);
      blue += w * (data[from + 2] as number);
    }
    output[at] = red;
    output[at + 1] = green;
    output[at + 2] = blue;
  }
}
