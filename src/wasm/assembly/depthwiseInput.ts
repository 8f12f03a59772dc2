// The input gradient of a depthwise convolution (NHWC, filter [kh, kw, channels, 1]).

import { depthwiseLine, ENTRY, setEntry, TILE } from './depthwiseLine';
import { copyFloats } from './lanes';

/** Number of pixels to the left of a framed line of dy. */
@inline
function leftFrame(kernelWidth: i32, strideWidth: i32): i32 {
  return (kernelWidth - 1) / strideWidth;
}

@inline
function framedColumns(width: i32, kernelWidth: i32, strideWidth: i32, padLeft: i32): i32 {
  return leftFrame(kernelWidth, strideWidth) + (width - 1 + padLeft) / strideWidth + TILE;
}

/** Returns the number of scratch floats: a table, one line of the gradient, and framed lines of dy. */
export function depthwiseInputScratch(width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, strideWidth: i32, padLeft: i32): i32 {
  const lines = width + (TILE - 1) * strideWidth + framedColumns(width, kernelWidth, strideWidth, padLeft) * kernelHeight;
  return (kernelHeight * ENTRY >> 2) + lines * channels;
}

/**
 * gradient [batch, height, width, channels] = the sum of the taps times the values of dy that they contributed to. Pixels whose columns
 * have the same remainder when divided by the stride use the same taps, and neighboring values of dy.
 */
export function depthwiseInputGradient(
  dy: usize, filter: usize, gradient: usize, scratch: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixel: usize = channels << 2;
  const table = scratch;
  const result = table + kernelHeight * ENTRY;
  const framed = result + (width + (TILE - 1) * strideWidth) * pixel;
  const left = leftFrame(kernelWidth, strideWidth);
  const framedWidth = framedColumns(width, kernelWidth, strideWidth, padLeft);
  const line = framedWidth * pixel;
  const columns = min(outWidth, framedWidth - left);
  // The frames stay zero for all lines.
  memory.fill(framed, 0, line * kernelHeight);
  for (let image = 0; image < batch; image++) {
    let next = 0;
    for (let y = 0; y < height; y++) {
      const bottom = y + padTop;
      for (const end = min(outHeight, bottom / strideHeight + 1); next < end; next++) {
        copyFloats(framed + (next % kernelHeight) * line + left * pixel, dy + next * outWidth * pixel, columns * channels);
      }
      for (let first = 0; first < min(strideWidth, width); first++) {
        const kx = (first + padLeft) % strideWidth;
        const column = left + (first + padLeft) / strideWidth;
        let lines = 0;
        for (let ky = bottom % strideHeight; ky < kernelHeight && ky <= bottom; ky += strideHeight) {
          const row = (bottom - ky) / strideHeight;
          if (row >= outHeight) continue;
          setEntry(table, lines, framed + (row % kernelHeight) * line + column * pixel, filter + (ky * kernelWidth + kx) * pixel);
          lines++;
        }
        const taps = max(0, (kernelWidth - kx + strideWidth - 1) / strideWidth);
        const count = (width - first + strideWidth - 1) / strideWidth;
        depthwiseLine(table, lines, taps, pixel, -pixel, strideWidth * pixel, result + first * pixel, strideWidth * pixel, count, channels);
      }
      copyFloats(gradient, result, width * channels);
      gradient += width * pixel;
    }
    dy += outHeight * outWidth * pixel;
  }
}
