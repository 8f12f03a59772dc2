// The filter gradient of a depthwise convolution from one line of x: eight channels and up to five taps at a time.

import { ENTRY } from './depthwiseLine';
import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/**
 * Adds the products of one line of x and the lines of dz in the table to the taps in the table. `x` has `kernelWidth` - 1 more pixels than
 * dz, or with a stride the pixels between them, and `step` is the number of bytes between pixels that meet neighboring values of dz.
 */
export function addToTaps(x: usize, table: usize, lines: i32, columns: i32, channels: i32, kernelWidth: i32, step: usize): void {
  const pixel: usize = channels << 2;
  for (let channel = 0; channel < channels; ) {
    const left = channels - channel;
    const offset: usize = channel << 2;
    for (let line = 0; line < lines; line++) {
      const dz = <usize>i32.load(table + line * ENTRY) + offset;
      const taps = <usize>i32.load(table + line * ENTRY, 4) + offset;
      for (let kx = 0; kx < kernelWidth; ) {
        const from = x + kx * pixel + offset;
        const to = taps + kx * pixel;
        const count = kernelWidth - kx;
        if (count >= 5) {
          if (left >= 8) fiveTimesEight(from, dz, to, columns, pixel, step);
          else five(from, dz, to, columns, pixel, step, min(4, left));
          kx += 5;
        } else if (count >= 3) {
          if (left >= 8) threeTimesEight(from, dz, to, columns, pixel, step);
          else three(from, dz, to, columns, pixel, step, min(4, left));
          kx += 3;
        } else {
          one(from, dz, to, columns, pixel, step, min(4, left));
          if (left >= 8) one(from + 16, dz + 16, to + 16, columns, pixel, step, 4);
          kx += 1;
        }
      }
    }
    channel += left >= 8 ? 8 : 4;
  }
}

@inline
function add(to: usize, value: v128, lanes: i32): void {
  storeLanes(to, f32x4.add(loadLanes(to, lanes), value), lanes);
}

@inline
function addEight(to: usize, left: v128, right: v128): void {
  add(to, left, 4);
  add(to + 16, right, 4);
}

function one(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i++) {
    sum = multiplyAdd(sum, loadLanes(x, lanes), loadLanes(dy, lanes));
    x += step;
    dy += pixel;
  }
  add(to, sum, lanes);
}

function three(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0;
  for (let i = 0; i < columns; i++) {
    const value = loadLanes(dy, lanes);
    s0 = multiplyAdd(s0, loadLanes(x, lanes), value);
    s1 = multiplyAdd(s1, loadLanes(x + pixel, lanes), value);
    s2 = multiplyAdd(s2, loadLanes(x + 2 * pixel, lanes), value);
    x += step;
    dy += pixel;
  }
  add(to, s0, lanes);
  add(to + pixel, s1, lanes);
  add(to + 2 * pixel, s2, lanes);
}

function five(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  three(x, dy, to, columns, pixel, step, lanes);
  one(x + 3 * pixel, dy, to + 3 * pixel, columns, pixel, step, lanes);
  one(x + 4 * pixel, dy, to + 4 * pixel, columns, pixel, step, lanes);
}

function threeTimesEight(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
  for (let i = 0; i < columns; i++) {
    const left = v128.load(dy);
    const right = v128.load(dy, 16);
    let at = x;
    a0 = multiplyAdd(a0, v128.load(at), left);
    b0 = multiplyAdd(b0, v128.load(at, 16), right);
    at += pixel;
    a1 = multiplyAdd(a1, v128.load(at), left);
    b1 = multiplyAdd(b1, v128.load(at, 16), right);
    at += pixel;
    a2 = multiplyAdd(a2, v128.load(at), left);
    b2 = multiplyAdd(b2, v128.load(at, 16), right);
    x += step;
    dy += pixel;
  }
  addEight(to, a0, b0);
  addEight(to + pixel, a1, b1);
  addEight(to + 2 * pixel, a2, b2);
}

function fiveTimesEight(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0;
  for (let i = 0; i < columns; i++) {
    const left = v128.load(dy);
    const right = v128.load(dy, 16);
    let at = x;
    a0 = multiplyAdd(a0, v128.load(at), left);
    b0 = multiplyAdd(b0, v128.load(at, 16), right);
    at += pixel;
    a1 = multiplyAdd(a1, v128.load(at), left);
    b1 = multiplyAdd(b1, v128.load(at, 16), right);
    at += pixel;
    a2 = multiplyAdd(a2, v128.load(at), left);
    b2 = multiplyAdd(b2, v128.load(at, 16), right);
    at += pixel;
    a3 = multiplyAdd(a3, v128.load(at), left);
    b3 = multiplyAdd(b3, v128.load(at, 16), right);
    at += pixel;
    a4 = multiplyAdd(a4, v128.load(at), left);
    b4 = multiplyAdd(b4, v128.load(at, 16), right);
    x += step;
    dy += pixel;
  }
  addEight(to, a0, b0);
  addEight(to + pixel, a1, b1);
  addEight(to + 2 * pixel, a2, b2);
  addEight(to + 3 * pixel, a3, b3);
  addEight(to + 4 * pixel, a4, b4);
}
