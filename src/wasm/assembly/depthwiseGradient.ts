// The gradients of a depthwise convolution (NHWC, filter [kh, kw, channels, 1]), and of what follows it up to squeeze-and-excitation.

import { depthwiseLine, ENTRY, setEntry, TILE } from './depthwiseLine';
import { addToTaps } from './depthwiseTaps';
import { exciteGradient } from './excite';
import { copyFloats, multiply } from './lanes';

/** Number of pixels to the left of a framed line of dz. */
@inline
function leftFrame(kernelWidth: i32, strideWidth: i32): i32 {
  return (kernelWidth - 1) / strideWidth;
}

@inline
function framedColumns(width: i32, outWidth: i32, kernelWidth: i32, strideWidth: i32, padLeft: i32): i32 {
  return leftFrame(kernelWidth, strideWidth) + max((width - 1 + padLeft) / strideWidth + TILE, outWidth);
}

/** Number of pixels in a framed line of x. */
@inline
function framedInput(width: i32, outWidth: i32, kernelWidth: i32, strideWidth: i32, padLeft: i32): i32 {
  return max((outWidth - 1) * strideWidth + kernelWidth, padLeft + width);
}

/** Returns the number of scratch floats: two tables, one line of dx, one line of x, and framed lines of dz. */
export function depthwiseGradientScratch(
  width: i32, channels: i32, outWidth: i32, kernelHeight: i32, kernelWidth: i32, strideWidth: i32, padLeft: i32,
): i32 {
  const lines =
    width + (TILE - 1) * strideWidth +
    framedInput(width, outWidth, kernelWidth, strideWidth, padLeft) +
    framedColumns(width, outWidth, kernelWidth, strideWidth, padLeft) * kernelHeight;
  return (kernelHeight * ENTRY >> 1) + lines * channels;
}

/**
 * The gradients dx and dfilter by dz = (dy weights + shift) slope, with dy and slope [batch, outHeight, outWidth, channels], and weights and
 * shift [batch, channels]. An address of 0 for `weights` means dz = dy slope, and for `slope` dz = dy. An address of 0 for `dx` or
 * `dfilter` omits that gradient.
 */
export function depthwiseGradient(
  x: usize, filter: usize, dy: usize, weights: usize, shift: usize, slope: usize, dx: usize, dfilter: usize, scratch: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixel: usize = channels << 2;
  const table = scratch;
  const tapTable = table + kernelHeight * ENTRY;
  const result = tapTable + kernelHeight * ENTRY;
  const input = result + (width + (TILE - 1) * strideWidth) * pixel;
  const framed = input + framedInput(width, outWidth, kernelWidth, strideWidth, padLeft) * pixel;
  const left = leftFrame(kernelWidth, strideWidth);
  const line = framedColumns(width, outWidth, kernelWidth, strideWidth, padLeft) * pixel;
  const outLine: usize = outWidth * pixel;
  // The frames stay zero for all lines.
  memory.fill(input, 0, framed - input + line * kernelHeight);
  if (dfilter) memory.fill(dfilter, 0, kernelHeight * kernelWidth * pixel);
  for (let image = 0; image < batch; image++) {
    let next = 0;
    for (let y = 0; y < height; y++) {
      const bottom = y + padTop;
      for (const end = min(outHeight, bottom / strideHeight + 1); next < end; next++) {
        const to = framed + (next % kernelHeight) * line + left * pixel;
        if (weights) exciteGradient(dy, weights, shift, slope, to, 1, outWidth, channels);
        else if (slope) multiply(dy, slope, to, outWidth * channels);
        else copyFloats(to, dy, outWidth * channels);
        dy += outLine;
        slope += slope ? outLine : 0;
      }
      let lines = 0;
      for (let ky = bottom % strideHeight; ky < kernelHeight && ky <= bottom; ky += strideHeight) {
        const row = (bottom - ky) / strideHeight;
        if (row >= outHeight) continue;
        const dz = framed + (row % kernelHeight) * line;
        setEntry(table, lines, dz, filter + ky * kernelWidth * pixel);
        setEntry(tapTable, lines, dz + left * pixel, dfilter + ky * kernelWidth * pixel);
        lines++;
      }
      if (dfilter) {
        copyFloats(input + padLeft * pixel, x, width * channels);
        addToTaps(input, tapTable, lines, outWidth, channels, kernelWidth, strideWidth * pixel);
        x += width * pixel;
      }
      if (dx) {
        inputLine(table, lines, result, width, channels, kernelWidth, strideWidth, padLeft);
        copyFloats(dx, result, width * channels);
        dx += width * pixel;
      }
    }
    // Lines below the last one that a tap reaches.
    dy += (outHeight - next) * outLine;
    slope += slope ? (outHeight - next) * outLine : 0;
    weights += weights ? pixel : 0;
    shift += pixel;
  }
}

/** One line of dx. Pixels whose columns have the same remainder when divided by the stride use the same taps and neighboring values of dz. */
function inputLine(table: usize, lines: i32, out: usize, width: i32, channels: i32, kernelWidth: i32, stride: i32, padLeft: i32): void {
  const pixel: usize = channels << 2;
  for (let first = 0; first < min(stride, width); first++) {
    const kx = (first + padLeft) % stride;
    const column = leftFrame(kernelWidth, stride) + (first + padLeft) / stride;
    const taps = max(0, (kernelWidth - kx + stride - 1) / stride);
    const count = (width - first + stride - 1) / stride;
    const line: usize = stride * pixel;
    depthwiseLine(table, lines, taps, column * pixel, kx * pixel, pixel, -pixel, line, out + first * pixel, line, count, channels);
  }
}
