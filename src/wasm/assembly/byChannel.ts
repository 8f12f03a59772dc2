// Products and sums of [rows, channels] and one vector [channels], as in the normalization of pixels.

import { loadLanes, storeLanes } from './lanes';

/** Returns the number of scratch floats: the vector four times, so that any number of channels fills whole SIMD vectors. */
export function byChannelScratch(channels: i32): i32 {
  return channels << 2;
}

/** out = x vector, for every row. */
export function multiplyByChannel(x: usize, vector: usize, out: usize, scratch: usize, rows: i32, channels: i32): void {
  combine(x, vector, out, scratch, rows, channels, true);
}

/** out = x + vector, for every row. */
export function addByChannel(x: usize, vector: usize, out: usize, scratch: usize, rows: i32, channels: i32): void {
  combine(x, vector, out, scratch, rows, channels, false);
}

@inline
function combine(x: usize, vector: usize, out: usize, scratch: usize, rows: i32, channels: i32, product: bool): void {
  const line: usize = channels << 2;
  for (let i = 0; i < 4; i++) memory.copy(scratch + i * line, vector, line);
  const count = rows * channels;
  const period = channels << 2;
  for (let start = 0; start < count; start += period) {
    const end = min(period, count - start);
    let i = 0;
    for (; i + 4 <= end; i += 4) {
      const at: usize = i << 2;
      const value = v128.load(x + at);
      const other = v128.load(scratch + at);
      v128.store(out + at, product ? f32x4.mul(value, other) : f32x4.add(value, other));
    }
    if (i < end) {
      const at: usize = i << 2;
      const value = loadLanes(x + at, end - i);
      const other = loadLanes(scratch + at, end - i);
      storeLanes(out + at, product ? f32x4.mul(value, other) : f32x4.add(value, other), end - i);
    }
    x += period << 2;
    out += period << 2;
  }
}
