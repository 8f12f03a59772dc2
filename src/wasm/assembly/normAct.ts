// Batch normalization with fixed statistics and the activation after it, in one pass over [rows, channels].

import { addToTotals, BLOCK } from './batchNorm';
import { loadLanes, multiplyAdd, storeLanes } from './lanes';
import { sigmoid } from './swish';

export const LINEAR: i32 = 0;
export const SWISH: i32 = 1;
export const RELU: i32 = 2;
export const RELU6: i32 = 3;

/** Floats of scratch that `prepareNormAct` fills. */
@inline
export function normActScratch(channels: i32): i32 {
  return channels << 1;
}

/** Writes the factors gamma / sqrt(variance + epsilon) and beta to `scratch`. An address of 0 means a gamma of 1 or a beta of 0. */
export function prepareNormAct(variance: usize, gamma: usize, beta: usize, scratch: usize, channels: i32, epsilon: f32): void {
  const shift = scratch + (channels << 2);
  for (let c = 0; c < channels; c++) {
    const at: usize = c << 2;
    f32.store(scratch + at, <f32>((gamma ? <f64>f32.load(gamma + at) : 1) / Math.sqrt(<f64>f32.load(variance + at) + epsilon)));
    f32.store(shift + at, beta ? f32.load(beta + at) : 0);
  }
}

@inline
function lanesOf(x: usize, mean: usize, scale: usize, shift: usize, y: usize, slope: usize, activation: i32, lanes: i32): v128 {
  const factor = loadLanes(scale, lanes);
  const value = multiplyAdd(loadLanes(shift, lanes), f32x4.sub(loadLanes(x, lanes), loadLanes(mean, lanes)), factor);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  let result = value;
  if (activation == SWISH) {
    const s = sigmoid(value);
    result = f32x4.mul(value, s);
    // d/dv v s = s + v s (1 - s)
    storeLanes(slope, f32x4.mul(factor, multiplyAdd(s, result, f32x4.sub(one, s))), lanes);
  } else if (activation != LINEAR) {
    result = f32x4.pmax(value, zero);
    let passes = f32x4.gt(value, zero);
    if (activation == RELU6) {
      const six = f32x4.splat(6);
      result = f32x4.pmin(result, six);
      passes = v128.and(passes, f32x4.lt(value, six));
    }
    storeLanes(slope, v128.and(passes, factor), lanes);
  }
  storeLanes(y, result, lanes);
  return result;
}

@inline
function rowsOf(
  x: usize, mean: usize, scratch: usize, y: usize, slope: usize, sums: usize, rows: i32, channels: i32, activation: i32,
): void {
  const shift = scratch + (channels << 2);
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at: usize = c << 2;
      const result = lanesOf(x + at, mean + at, scratch + at, shift + at, y + at, slope + at, activation, 4);
      if (sums) v128.store(sums + at, f32x4.add(v128.load(sums + at), result));
    }
    if (c < channels) {
      const at: usize = c << 2;
      const lanes = channels - c;
      const result = lanesOf(x + at, mean + at, scratch + at, shift + at, y + at, slope + at, activation, lanes);
      if (sums) storeLanes(sums + at, f32x4.add(loadLanes(sums + at, lanes), result), lanes);
    }
    const line: usize = channels << 2;
    x += line;
    y += line;
    slope += line;
  }
}

/**
 * y [rows, channels] = activation((x - mean) scale + shift), and its derivative by x in `slope`, which may be x itself. LINEAR writes no
 * slope. With an address for `sums`, adds the rows of y to it. `scratch` comes from `prepareNormAct`.
 */
export function normActRows(
  x: usize, mean: usize, scratch: usize, y: usize, slope: usize, sums: usize, rows: i32, channels: i32, activation: i32,
): void {
  if (activation == SWISH) rowsOf(x, mean, scratch, y, slope, sums, rows, channels, SWISH);
  else if (activation == RELU) rowsOf(x, mean, scratch, y, slope, sums, rows, channels, RELU);
  else if (activation == RELU6) rowsOf(x, mean, scratch, y, slope, sums, rows, channels, RELU6);
  else rowsOf(x, mean, scratch, y, slope, sums, rows, channels, LINEAR);
}

/** Floats of scratch that `normAct` needs. */
export function normActFloats(channels: i32): i32 {
  return normActScratch(channels) + channels * 3;
}

/** `normActRows` over [batch, rows, channels]; `slope` may be x. With an address for `pooled`, writes the means [batch, channels] of y to it. */
export function normAct(
  x: usize, mean: usize, variance: usize, gamma: usize, beta: usize, y: usize, slope: usize, pooled: usize, scratch: usize,
  batch: i32, rows: i32, channels: i32, epsilon: f32, activation: i32,
): void {
  const totals = scratch;
  const sums = totals + (channels << 3);
  const factors = sums + (channels << 2);
  prepareNormAct(variance, gamma, beta, factors, channels, epsilon);
  if (!pooled) {
    normActRows(x, mean, factors, y, slope, 0, batch * rows, channels, activation);
    return;
  }
  for (let image = 0; image < batch; image++) {
    memory.fill(totals, 0, channels << 3);
    for (let start = 0; start < rows; start += BLOCK) {
      memory.fill(sums, 0, channels << 2);
      const count = min(BLOCK, rows - start);
      normActRows(x, mean, factors, y, slope, sums, count, channels, activation);
      addToTotals(sums, totals, channels);
      const bytes: usize = (count * channels) << 2;
      x += bytes;
      y += bytes;
      slope += bytes;
    }
    for (let c = 0; c < channels; c++) f32.store(pooled + (c << 2), <f32>(f64.load(totals + (c << 3)) / <f64>rows));
    pooled += channels << 2;
  }
}
