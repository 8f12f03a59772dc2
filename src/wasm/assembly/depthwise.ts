// Gradients of a depthwise convolution (NHWC, filter [kh, kw, channels, 1]), four channels at a time.

import { copyFloats, loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Floats of scratch the input gradient needs: one image of dy, spread by the stride and framed, and the filter turned round. */
export function depthwiseScratch(height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32): i32 {
  return ((height + kernelHeight - 1) * (width + kernelWidth - 1) + kernelHeight * kernelWidth) * channels;
}

/** gradient [batch, height, width, channels] = the framed dy correlated with the filter turned round. */
export function depthwiseInputGradient(
  dy: usize, filter: usize, gradient: usize, scratch: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const taps = kernelHeight * kernelWidth;
  const framedHeight = height + kernelHeight - 1;
  const framedWidth = width + kernelWidth - 1;
  const turned = scratch;
  const framed = scratch + ((taps * channels) << 2);
  for (let tap = 0; tap < taps; tap++) {
    copyFloats(turned + ((tap * channels) << 2), filter + (((taps - 1 - tap) * channels) << 2), channels);
  }
  // What lies between and around the values of dy is zero for every image alike.
  memory.fill(framed, 0, <usize>(framedHeight * framedWidth * channels) << 2);
  const top = kernelHeight - 1 - padTop;
  const left = kernelWidth - 1 - padLeft;
  for (let image = 0; image < batch; image++) {
    for (let y = 0; y < outHeight; y++) {
      const row = y * strideHeight + top;
      if (row < 0 || row >= framedHeight) continue;
      const from = dy + (((image * outHeight + y) * outWidth * channels) << 2);
      for (let x = 0; x < outWidth; x++) {
        const column = x * strideWidth + left;
        if (column < 0 || column >= framedWidth) continue;
        copyFloats(framed + (((row * framedWidth + column) * channels) << 2), from + ((x * channels) << 2), channels);
      }
    }
    for (let y = 0; y < height; y++) {
      const out = gradient + (((image * height + y) * width * channels) << 2);
      correlateRow(framed + ((y * framedWidth * channels) << 2), turned, out, width, framedWidth, channels, kernelHeight, kernelWidth);
    }
  }
}

function correlateRow(framed: usize, filter: usize, out: usize, width: i32, framedWidth: i32, channels: i32, kernelHeight: i32, kernelWidth: i32): void {
  const pixel: usize = channels << 2;
  const line: usize = framedWidth * pixel;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    const offset: usize = channel << 2;
    let x = 0;
    for (; x + 4 <= width; x += 4) {
      let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      let tap = filter + offset;
      let row = framed + x * pixel + offset;
      for (let ky = 0; ky < kernelHeight; ky++) {
        let at = row;
        let v0 = v128.load(at);
        let v1 = v128.load(at + pixel);
        let v2 = v128.load(at + 2 * pixel);
        at += 3 * pixel;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const weight = v128.load(tap);
          const v3 = v128.load(at);
          s0 = multiplyAdd(s0, v0, weight);
          s1 = multiplyAdd(s1, v1, weight);
          s2 = multiplyAdd(s2, v2, weight);
          s3 = multiplyAdd(s3, v3, weight);
          v0 = v1;
          v1 = v2;
          v2 = v3;
          at += pixel;
          tap += pixel;
        }
        row += line;
      }
      const to = out + x * pixel + offset;
      v128.store(to, s0);
      v128.store(to + pixel, s1);
      v128.store(to + 2 * pixel, s2);
      v128.store(to + 3 * pixel, s3);
    }
    for (; x < width; x++) correlatePixel(framed + x * pixel + offset, filter + offset, out + x * pixel + offset, pixel, line, kernelHeight, kernelWidth, 4);
  }
  if (channel < channels) {
    const offset: usize = channel << 2;
    for (let x = 0; x < width; x++) correlatePixel(framed + x * pixel + offset, filter + offset, out + x * pixel + offset, pixel, line, kernelHeight, kernelWidth, channels - channel);
  }
}

function correlatePixel(framed: usize, filter: usize, out: usize, pixel: usize, line: usize, kernelHeight: i32, kernelWidth: i32, lanes: i32): void {
  let sum = f32x4.splat(0);
  for (let ky = 0; ky < kernelHeight; ky++) {
    let at = framed;
    for (let kx = 0; kx < kernelWidth; kx++) {
      sum = multiplyAdd(sum, loadLanes(at, lanes), loadLanes(filter, lanes));
      at += pixel;
      filter += pixel;
    }
    framed += line;
  }
  storeLanes(out, sum, lanes);
}

/** gradient [kh, kw, channels] = sum over batch and pixels of x, shifted by the tap, times dy. */
export function depthwiseFilterGradient(
  x: usize, dy: usize, gradient: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixel: usize = channels << 2;
  const step = strideWidth * pixel;
  memory.fill(gradient, 0, kernelHeight * kernelWidth * pixel);
  for (let image = 0; image < batch; image++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const lineDy = dy + (image * outHeight + oy) * outWidth * pixel;
      for (let ky = 0; ky < kernelHeight; ky++) {
        const y = oy * strideHeight + ky - padTop;
        if (y < 0 || y >= height) continue;
        const lineX = x + (image * height + y) * width * pixel;
        const taps = gradient + ky * kernelWidth * pixel;
        for (let kx = 0; kx < kernelWidth; ) {
          const count = kernelWidth - kx >= 5 ? 5 : kernelWidth - kx >= 3 ? 3 : 1;
          // Output columns for which the first and the last tap of this group both lie within the line.
          const first = firstColumn(kx, padLeft, strideWidth);
          const last = endColumn(kx + count - 1, padLeft, strideWidth, width, outWidth);
          for (let channel = 0; channel < channels; channel += 4) {
            const offset: usize = channel << 2;
            const lanes = min(4, channels - channel);
            const fromX = lineX + offset;
            const fromDy = lineDy + offset;
            const to = taps + kx * pixel + offset;
            if (first < last) {
              const startX = fromX + (first * strideWidth + kx - padLeft) * pixel;
              const startDy = fromDy + first * pixel;
              const columns = last - first;
              if (count == 5) sumFive(startX, startDy, to, columns, pixel, step, lanes);
              else if (count == 3) sumThree(startX, startDy, to, columns, pixel, step, lanes);
              else sumOne(startX, startDy, to, columns, pixel, step, lanes);
            }
            if (count > 1) {
              for (let tap = kx; tap < kx + count; tap++) {
                const from = firstColumn(tap, padLeft, strideWidth);
                const end = endColumn(tap, padLeft, strideWidth, width, outWidth);
                const target = taps + tap * pixel + offset;
                const before = first < last ? min(first, end) : end;
                if (from < before) sumOne(fromX + (from * strideWidth + tap - padLeft) * pixel, fromDy + from * pixel, target, before - from, pixel, step, lanes);
                const after = first < last ? max(last, from) : end;
                if (after < end) sumOne(fromX + (after * strideWidth + tap - padLeft) * pixel, fromDy + after * pixel, target, end - after, pixel, step, lanes);
              }
            }
          }
          kx += count;
        }
      }
    }
  }
}

@inline
function firstColumn(tap: i32, pad: i32, stride: i32): i32 {
  return max(0, (pad - tap + stride - 1) / stride);
}

@inline
function endColumn(tap: i32, pad: i32, stride: i32, width: i32, outWidth: i32): i32 {
  const reach = width - 1 + pad - tap;
  return reach < 0 ? 0 : min(outWidth, reach / stride + 1);
}

@inline
function add(to: usize, value: v128, lanes: i32): void {
  storeLanes(to, f32x4.add(loadLanes(to, lanes), value), lanes);
}

function sumOne(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  let sum = f32x4.splat(0);
  for (let i = 0; i < columns; i++) {
    sum = multiplyAdd(sum, loadLanes(x, lanes), loadLanes(dy, lanes));
    x += step;
    dy += pixel;
  }
  add(to, sum, lanes);
}

function sumThree(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  if (lanes == 4) three(x, dy, to, columns, pixel, step, 4);
  else three(x, dy, to, columns, pixel, step, lanes);
}

@inline
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

function sumFive(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  if (lanes == 4) five(x, dy, to, columns, pixel, step, 4);
  else five(x, dy, to, columns, pixel, step, lanes);
}

@inline
function five(x: usize, dy: usize, to: usize, columns: i32, pixel: usize, step: usize, lanes: i32): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0;
  for (let i = 0; i < columns; i++) {
    const value = loadLanes(dy, lanes);
    s0 = multiplyAdd(s0, loadLanes(x, lanes), value);
    s1 = multiplyAdd(s1, loadLanes(x + pixel, lanes), value);
    s2 = multiplyAdd(s2, loadLanes(x + 2 * pixel, lanes), value);
    s3 = multiplyAdd(s3, loadLanes(x + 3 * pixel, lanes), value);
    s4 = multiplyAdd(s4, loadLanes(x + 4 * pixel, lanes), value);
    x += step;
    dy += pixel;
  }
  add(to, s0, lanes);
  add(to + pixel, s1, lanes);
  add(to + 2 * pixel, s2, lanes);
  add(to + 3 * pixel, s3, lanes);
  add(to + 4 * pixel, s4, lanes);
}
