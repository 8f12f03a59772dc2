// The filter gradient of a depthwise convolution (NHWC, filter [kh, kw, channels, 1]): eight channels and up to five taps at a time.

import { copyFloats, loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Returns the number of scratch floats: one line of x with padding. */
export function depthwiseFilterScratch(outWidth: i32, channels: i32, kernelWidth: i32, strideWidth: i32): i32 {
  return ((outWidth - 1) * strideWidth + kernelWidth) * channels;
}

/** gradient [kh, kw, channels] = sum over batch and pixels of x, shifted by the tap, times dy. */
export function depthwiseFilterGradient(
  x: usize, dy: usize, gradient: usize, scratch: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixel: usize = channels << 2;
  const framedWidth = (outWidth - 1) * strideWidth + kernelWidth;
  // The padding left and right of the line stays zero for all lines, so the taps need no edge checks.
  memory.fill(scratch, 0, framedWidth * pixel);
  const line = scratch + padLeft * pixel;
  const count = min(width, framedWidth - padLeft) * channels;
  memory.fill(gradient, 0, kernelHeight * kernelWidth * pixel);
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < height; y++) {
      copyFloats(line, x + (image * height + y) * width * pixel, count);
      for (let ky = 0; ky < kernelHeight; ky++) {
        const shifted = y + padTop - ky;
        if (shifted < 0 || shifted % strideHeight != 0 || shifted / strideHeight >= outHeight) continue;
        const row = dy + (image * outHeight + shifted / strideHeight) * outWidth * pixel;
        addLine(scratch, row, gradient + ky * kernelWidth * pixel, outWidth, channels, kernelWidth, strideWidth * pixel);
      }
    }
  }
}

/** Adds the contribution of one line of x and one line of dy to one line of taps. */
function addLine(x: usize, dy: usize, taps: usize, columns: i32, channels: i32, kernelWidth: i32, step: usize): void {
  const pixel: usize = channels << 2;
  for (let channel = 0; channel < channels; ) {
    const left = channels - channel;
    const offset: usize = channel << 2;
    for (let kx = 0; kx < kernelWidth; ) {
      const from = x + kx * pixel + offset;
      const to = taps + kx * pixel + offset;
      const count = kernelWidth - kx;
      if (count >= 5) {
        if (left >= 8) fiveTimesEight(from, dy + offset, to, columns, pixel, step);
        else five(from, dy + offset, to, columns, pixel, step, min(4, left));
        kx += 5;
      } else if (count >= 3) {
        if (left >= 8) threeTimesEight(from, dy + offset, to, columns, pixel, step);
        else three(from, dy + offset, to, columns, pixel, step, min(4, left));
        kx += 3;
      } else {
        one(from, dy + offset, to, columns, pixel, step, min(4, left));
        if (left >= 8) one(from + 16, dy + offset + 16, to + 16, columns, pixel, step, 4);
        kx += 1;
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
