// Sums over the middle axis of [outer, rows, channels]. Memory is read in order.

import { addRows, addToTotals, BLOCK } from './batchNorm';

/** Returns the number of scratch floats that `sumRows` needs. */
export function sumRowsScratch(channels: i32): i32 {
  return channels * 3;
}

/** out [outer, channels] = factor times the sum of x [outer, rows, channels] over its rows. */
export function sumRows(x: usize, out: usize, scratch: usize, outer: i32, rows: i32, channels: i32, factor: f64): void {
  const totals = scratch;
  const sums = scratch + (channels << 3);
  for (let i = 0; i < outer; i++) {
    memory.fill(totals, 0, channels << 3);
    for (let start = 0; start < rows; start += BLOCK) {
      memory.fill(sums, 0, channels << 2);
      const count = min(BLOCK, rows - start);
      addRows(x, sums, count, channels);
      addToTotals(sums, totals, channels);
      x += (count * channels) << 2;
    }
    for (let c = 0; c < channels; c++) f32.store(out + (c << 2), <f32>(f64.load(totals + (c << 3)) * factor));
    out += channels << 2;
  }
}
