// The input gradient of a depthwise convolution (NHWC, filter [kh, kw, channels, 1]), four channels at a time.

import { copyFloats, loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Returns the number of scratch floats: one image of dy, dilated by the stride and padded, and the rotated filter. */
export function depthwiseInputScratch(height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32): i32 {
  return ((height + kernelHeight - 1) * (width + kernelWidth - 1) + kernelHeight * kernelWidth) * channels;
}

/** gradient [batch, height, width, channels] = the padded dy correlated with the rotated filter. */
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
  // The zeros between and around the values of dy are the same for every image.
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
