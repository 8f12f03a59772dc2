// Squeeze-and-excitation: the weights of the channels from their means, and the gradients.

import { addToTotals, BLOCK } from './batchNorm';
import { loadLanes, multiplyAdd, storeLanes } from './lanes';
import { sigmoid, swish, swishGradient } from './swish';

/** to += factor from. */
@inline
function addScaled(to: usize, from: usize, factor: f32, count: i32): void {
  const factors = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    v128.store(to + at, multiplyAdd(v128.load(to + at), v128.load(from + at), factors));
  }
  for (; i < count; i++) {
    const at: usize = i << 2;
    f32.store(to + at, f32.load(to + at) + f32.load(from + at) * factor);
  }
}

@inline
function dot(a: usize, b: usize, count: i32): f32 {
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    sums = multiplyAdd(sums, v128.load(a + at), v128.load(b + at));
  }
  let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (; i < count; i++) {
    const at: usize = i << 2;
    sum += f32.load(a + at) * f32.load(b + at);
  }
  return sum;
}

/**
 * weights [batch, channels] = sigmoid(swish(reduced) expand + expandBias), with reduced [batch, filters] = pooled reduce + reduceBias.
 * Scratch takes `filters` floats.
 */
export function gate(
  pooled: usize, reduce: usize, reduceBias: usize, expand: usize, expandBias: usize, reduced: usize, weights: usize, scratch: usize,
  batch: i32, channels: i32, filters: i32,
): void {
  for (let image = 0; image < batch; image++) {
    memory.copy(reduced, reduceBias, filters << 2);
    for (let c = 0; c < channels; c++) addScaled(reduced, reduce + ((c * filters) << 2), f32.load(pooled + (c << 2)), filters);
    swish(reduced, scratch, filters);
    memory.copy(weights, expandBias, channels << 2);
    for (let r = 0; r < filters; r++) addScaled(weights, expand + ((r * channels) << 2), f32.load(scratch + (r << 2)), channels);
    for (let c = 0; c < channels; c += 4) {
      const at = weights + (c << 2);
      const lanes = min(4, channels - c);
      storeLanes(at, sigmoid(loadLanes(at, lanes)), lanes);
    }
    pooled += channels << 2;
    reduced += filters << 2;
    weights += channels << 2;
  }
}

/** Floats of scratch that `gateGradient` needs. */
export function gateScratch(channels: i32, filters: i32): i32 {
  return channels + 2 * filters;
}

/** The gradients of `gate` by pooled, reduce, reduceBias, expand and expandBias. The first is divided by `rows`. */
export function gateGradient(
  dweights: usize, weights: usize, reduced: usize, pooled: usize, reduce: usize, expand: usize,
  dpooled: usize, dreduce: usize, dreduceBias: usize, dexpand: usize, dexpandBias: usize, scratch: usize,
  batch: i32, channels: i32, filters: i32, rows: i32,
): void {
  const before = scratch;
  const active = before + (channels << 2);
  const inner = active + (filters << 2);
  const one = f32x4.splat(1);
  const share: f32 = 1 / <f32>rows;
  memory.fill(dreduce, 0, (channels * filters) << 2);
  memory.fill(dexpand, 0, (channels * filters) << 2);
  memory.fill(dreduceBias, 0, filters << 2);
  memory.fill(dexpandBias, 0, channels << 2);
  for (let image = 0; image < batch; image++) {
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      const weight = loadLanes(weights + at, lanes);
      storeLanes(before + at, f32x4.mul(f32x4.mul(loadLanes(dweights + at, lanes), weight), f32x4.sub(one, weight)), lanes);
    }
    addScaled(dexpandBias, before, 1, channels);
    swish(reduced, active, filters);
    for (let r = 0; r < filters; r++) {
      const row: usize = (r * channels) << 2;
      addScaled(dexpand + row, before, f32.load(active + (r << 2)), channels);
      f32.store(inner + (r << 2), dot(before, expand + row, channels));
    }
    swishGradient(reduced, inner, inner, filters);
    addScaled(dreduceBias, inner, 1, filters);
    for (let c = 0; c < channels; c++) {
      const row: usize = (c * filters) << 2;
      addScaled(dreduce + row, inner, f32.load(pooled + (c << 2)), filters);
      f32.store(dpooled + (c << 2), dot(reduce + row, inner, filters) * share);
    }
    dweights += channels << 2;
    weights += channels << 2;
    pooled += channels << 2;
    dpooled += channels << 2;
    reduced += filters << 2;
  }
}

/** out [batch, rows, channels] = x times weights [batch, channels]. */
export function excite(x: usize, weights: usize, out: usize, batch: i32, rows: i32, channels: i32): void {
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < channels; c += 4) {
        const at: usize = c << 2;
        if (c + 4 <= channels) v128.store(out + at, f32x4.mul(v128.load(x + at), v128.load(weights + at)));
        else storeLanes(out + at, f32x4.mul(loadLanes(x + at, channels - c), loadLanes(weights + at, channels - c)), channels - c);
      }
      x += channels << 2;
      out += channels << 2;
    }
    weights += channels << 2;
  }
}

/** Floats of scratch that `exciteSums` needs. */
export function exciteScratch(channels: i32): i32 {
  return channels * 3;
}

/** out [batch, channels] = the sums of x dy, both [batch, rows, channels], over the rows. */
export function exciteSums(x: usize, dy: usize, out: usize, scratch: usize, batch: i32, rows: i32, channels: i32): void {
  const totals = scratch;
  const sums = scratch + (channels << 3);
  for (let image = 0; image < batch; image++) {
    memory.fill(totals, 0, channels << 3);
    for (let start = 0; start < rows; start += BLOCK) {
      memory.fill(sums, 0, channels << 2);
      const count = min(BLOCK, rows - start);
      let row = 0;
      for (; row + 4 <= count; row += 4) {
        addProducts(x, dy, sums, channels, 4);
        x += channels << 4;
        dy += channels << 4;
      }
      for (; row < count; row++) {
        addProducts(x, dy, sums, channels, 1);
        x += channels << 2;
        dy += channels << 2;
      }
      addToTotals(sums, totals, channels);
    }
    for (let c = 0; c < channels; c++) f32.store(out + (c << 2), <f32>f64.load(totals + (c << 3)));
    out += channels << 2;
  }
}

@inline
function addProducts(x: usize, dy: usize, sums: usize, channels: i32, rows: i32): void {
  const line: usize = channels << 2;
  for (let c = 0; c < channels; c += 4) {
    const lanes = min(4, channels - c);
    if (lanes == 4) productLanes(x + (c << 2), dy + (c << 2), sums + (c << 2), line, rows, 4);
    else productLanes(x + (c << 2), dy + (c << 2), sums + (c << 2), line, rows, lanes);
  }
}

@inline
function productLanes(x: usize, dy: usize, sums: usize, line: usize, rows: i32, lanes: i32): void {
  let sum = loadLanes(sums, lanes);
  for (let row = 0; row < rows; row++) {
    sum = multiplyAdd(sum, loadLanes(x, lanes), loadLanes(dy, lanes));
    x += line;
    dy += line;
  }
  storeLanes(sums, sum, lanes);
}

/** out [batch, rows, channels] = (dy weights [batch, channels] + shift [batch, channels]) slope. */
export function exciteGradient(
  dy: usize, weights: usize, shift: usize, slope: usize, out: usize, batch: i32, rows: i32, channels: i32,
): void {
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < channels; c += 4) {
        const at: usize = c << 2;
        if (c + 4 <= channels) gradientLanes(dy + at, weights + at, shift + at, slope + at, out + at, 4);
        else gradientLanes(dy + at, weights + at, shift + at, slope + at, out + at, channels - c);
      }
      const line: usize = channels << 2;
      dy += line;
      slope += line;
      out += line;
    }
    weights += channels << 2;
    shift += channels << 2;
  }
}

@inline
function gradientLanes(dy: usize, weights: usize, shift: usize, slope: usize, out: usize, lanes: i32): void {
  const sum = multiplyAdd(loadLanes(shift, lanes), loadLanes(dy, lanes), loadLanes(weights, lanes));
  storeLanes(out, f32x4.mul(sum, loadLanes(slope, lanes)), lanes);
}
