// A depthwise convolution (NHWC, filter [kh, kw, channels, 1]) followed by batch normalization with fixed statistics and an activation.

import { addToTotals } from './batchNorm';
import { depthwiseLine, ENTRY, setEntry, TILE } from './depthwiseLine';
import { copyFloats } from './lanes';
import { normActRows, normActScratch, prepareNormAct } from './normAct';

@inline
function framedColumns(outWidth: i32, kernelWidth: i32, strideWidth: i32): i32 {
  return (outWidth + TILE - 2) * strideWidth + kernelWidth;
}

/** Floats of scratch that `depthwiseNormAct` needs: sums, factors, a table, one line of the result, and framed lines of x. */
export function depthwiseNormActScratch(outWidth: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, strideWidth: i32): i32 {
  const lines = outWidth + TILE - 1 + framedColumns(outWidth, kernelWidth, strideWidth) * kernelHeight;
  return channels * 3 + normActScratch(channels) + (kernelHeight * ENTRY >> 2) + lines * channels;
}

/**
 * y [batch, outHeight, outWidth, channels] = activation of the normalized convolution, and its derivative by the convolution in `slope`,
 * which LINEAR does not write. With an address for `pooled`, writes the means [batch, channels] of y to it.
 */
export function depthwiseNormAct(
  x: usize, filter: usize, mean: usize, variance: usize, gamma: usize, beta: usize, y: usize, slope: usize, pooled: usize, scratch: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, epsilon: f32, activation: i32,
): void {
  const pixel: usize = channels << 2;
  const totals = scratch;
  const sums = totals + (pixel << 1);
  const factors = sums + pixel;
  const table = factors + (normActScratch(channels) << 2);
  const result = table + kernelHeight * ENTRY;
  const framed = result + (outWidth + TILE - 1) * pixel;
  const line = framedColumns(outWidth, kernelWidth, strideWidth) * pixel;
  const columns = min(width, framedColumns(outWidth, kernelWidth, strideWidth) - padLeft);
  prepareNormAct(variance, gamma, beta, factors, channels, epsilon);
  // The frames stay zero for all lines.
  memory.fill(framed, 0, line * kernelHeight);
  for (let image = 0; image < batch; image++) {
    memory.fill(totals, 0, pixel << 1);
    let next = 0;
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padTop;
      for (const end = min(height, top + kernelHeight); next < end; next++) {
        copyFloats(framed + (next % kernelHeight) * line + padLeft * pixel, x + (next * width) * pixel, columns * channels);
      }
      let lines = 0;
      for (let ky = max(0, -top); ky < kernelHeight && top + ky < height; ky++) {
        setEntry(table, lines, framed + ((top + ky) % kernelHeight) * line, filter + ky * kernelWidth * pixel);
        lines++;
      }
      depthwiseLine(table, lines, kernelWidth, 0, 0, strideWidth * pixel, pixel, pixel, result, pixel, outWidth, channels);
      if (pooled) memory.fill(sums, 0, pixel);
      normActRows(result, mean, factors, y, slope, pooled ? sums : 0, outWidth, channels, activation);
      if (pooled) addToTotals(sums, totals, channels);
      y += outWidth * pixel;
      slope += outWidth * pixel;
    }
    x += height * width * pixel;
    if (pooled) {
      for (let c = 0; c < channels; c++) {
        f32.store(pooled + (c << 2), <f32>(f64.load(totals + (c << 3)) / <f64>(outHeight * outWidth)));
      }
      pooled += pixel;
    }
  }
}
