// Batch normalization over [rows, channels]: statistics, the normalized values and their gradients.
// Rows are read in order, four at a time. Sums are float32 within a block of rows and float64 across blocks.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** Number of rows that are summed in float32 before the sum is added to the float64 total. */
export const BLOCK: i32 = 64;

/** Returns the number of scratch floats that each function of this file needs. */
export function batchNormScratch(channels: i32): i32 {
  return channels * 8;
}

/** Computes the mean [channels] and the biased variance [channels] of x. */
export function moments(x: usize, mean: usize, variance: usize, scratch: usize, rows: i32, channels: i32): void {
  const sums = scratch + (channels << 3);
  memory.fill(scratch, 0, channels << 3);
  for (let start = 0; start < rows; start += BLOCK) {
    memory.fill(sums, 0, channels << 2);
    addRows(x + ((start * channels) << 2), sums, min(BLOCK, rows - start), channels);
    addToTotals(sums, scratch, channels);
  }
  for (let c = 0; c < channels; c++) f32.store(mean + (c << 2), <f32>(f64.load(scratch + (c << 3)) / <f64>rows));
  memory.fill(scratch, 0, channels << 3);
  for (let start = 0; start < rows; start += BLOCK) {
    memory.fill(sums, 0, channels << 2);
    addSquares(x + ((start * channels) << 2), mean, sums, min(BLOCK, rows - start), channels);
    addToTotals(sums, scratch, channels);
  }
  for (let c = 0; c < channels; c++) f32.store(variance + (c << 2), <f32>(f64.load(scratch + (c << 3)) / <f64>rows));
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta; address 0 means gamma = 1 or beta = 0. */
export function normalize(
  x: usize, mean: usize, variance: usize, gamma: usize, beta: usize, y: usize, scratch: usize, rows: i32, channels: i32, epsilon: f32,
): void {
  const shift = scratch + (channels << 2);
  for (let c = 0; c < channels; c++) {
    const at: usize = c << 2;
    f32.store(scratch + at, <f32>((gamma ? <f64>f32.load(gamma + at) : 1) / Math.sqrt(<f64>f32.load(variance + at) + epsilon)));
    f32.store(shift + at, beta ? f32.load(beta + at) : 0);
  }
  const line: usize = channels << 2;
  for (let row = 0; row < rows; row += 4) {
    const count = min(4, rows - row);
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      if (lanes == 4) normalizeLanes(x + at, mean + at, scratch + at, shift + at, y + at, line, count, 4);
      else normalizeLanes(x + at, mean + at, scratch + at, shift + at, y + at, line, count, lanes);
    }
    x += line << 2;
    y += line << 2;
  }
}

@inline
function normalizeLanes(x: usize, mean: usize, scale: usize, shift: usize, y: usize, line: usize, count: i32, lanes: i32): void {
  const center = loadLanes(mean, lanes);
  const factor = loadLanes(scale, lanes);
  const offset = loadLanes(shift, lanes);
  for (let row = 0; row < count; row++) {
    storeLanes(y, multiplyAdd(offset, f32x4.sub(loadLanes(x, lanes), center), factor), lanes);
    x += line;
    y += line;
  }
}

/**
 * Computes the gradients of `normalize` with respect to x, gamma and beta. With `ofBatch`, mean and variance are computed from x and
 * contribute to its gradient. Otherwise they are constants.
 */
export function normalizeGradient(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize, scratch: usize,
  rows: i32, channels: i32, epsilon: f32, ofBatch: i32,
): void {
  const totals = scratch;
  const productTotals = totals + (channels << 3);
  const sums = productTotals + (channels << 3);
  const products = sums + (channels << 2);
  memory.fill(totals, 0, channels << 4);
  for (let start = 0; start < rows; start += BLOCK) {
    memory.fill(sums, 0, channels << 3);
    const offset = (start * channels) << 2;
    addProducts(x + offset, dy + offset, mean, sums, products, min(BLOCK, rows - start), channels);
    addToTotals(sums, totals, channels);
    addToTotals(products, productTotals, channels);
  }
  // dx = a dy + b (x - mean) + k, one a, b and k for each channel.
  const a = sums, b = products, k = products + (channels << 2);
  for (let c = 0; c < channels; c++) {
    const at: usize = c << 2;
    const inverse = 1 / Math.sqrt(<f64>f32.load(variance + at) + epsilon);
    const sum = f64.load(totals + (c << 3));
    const product = f64.load(productTotals + (c << 3));
    const factor = <f64>f32.load(gamma + at) * inverse;
    f32.store(dbeta + at, <f32>sum);
    f32.store(dgamma + at, <f32>(product * inverse));
    f32.store(a + at, <f32>factor);
    f32.store(b + at, ofBatch ? <f32>(-factor * inverse * inverse * product / <f64>rows) : 0);
    f32.store(k + at, ofBatch ? <f32>(-factor * sum / <f64>rows) : 0);
  }
  const line: usize = channels << 2;
  for (let row = 0; row < rows; row += 4) {
    const count = min(4, rows - row);
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      if (lanes == 4) gradientLanes(x + at, dy + at, mean + at, a + at, b + at, k + at, dx + at, line, count, 4);
      else gradientLanes(x + at, dy + at, mean + at, a + at, b + at, k + at, dx + at, line, count, lanes);
    }
    x += line << 2;
    dy += line << 2;
    dx += line << 2;
  }
}

@inline
function gradientLanes(x: usize, dy: usize, mean: usize, a: usize, b: usize, k: usize, dx: usize, line: usize, count: i32, lanes: i32): void {
  const center = loadLanes(mean, lanes);
  const ofDy = loadLanes(a, lanes);
  const ofX = loadLanes(b, lanes);
  const constant = loadLanes(k, lanes);
  for (let row = 0; row < count; row++) {
    const value = multiplyAdd(constant, f32x4.sub(loadLanes(x, lanes), center), ofX);
    storeLanes(dx, multiplyAdd(value, loadLanes(dy, lanes), ofDy), lanes);
    x += line;
    dy += line;
    dx += line;
  }
}

/** sums [channels] += x [rows, channels], row by row. */
export function addRows(x: usize, sums: usize, rows: i32, channels: i32): void {
  const line: usize = channels << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at = x + (c << 2);
      const pair = f32x4.add(v128.load(at), v128.load(at + line));
      const other = f32x4.add(v128.load(at + 2 * line), v128.load(at + 3 * line));
      const to = sums + (c << 2);
      v128.store(to, f32x4.add(v128.load(to), f32x4.add(pair, other)));
    }
    for (; c < channels; c++) {
      const at = x + (c << 2);
      const to = sums + (c << 2);
      f32.store(to, f32.load(to) + f32.load(at) + f32.load(at + line) + f32.load(at + 2 * line) + f32.load(at + 3 * line));
    }
    x += line << 2;
  }
  for (; row < rows; row++) {
    for (let c = 0; c < channels; c++) {
      const to = sums + (c << 2);
      f32.store(to, f32.load(to) + f32.load(x + (c << 2)));
    }
    x += line;
  }
}

function addSquares(x: usize, mean: usize, sums: usize, rows: i32, channels: i32): void {
  const line: usize = channels << 2;
  for (let row = 0; row < rows; row += 4) {
    const count = min(4, rows - row);
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      if (lanes == 4) squareLanes(x + at, mean + at, sums + at, line, count, 4);
      else squareLanes(x + at, mean + at, sums + at, line, count, lanes);
    }
    x += line << 2;
  }
}

@inline
function squareLanes(x: usize, mean: usize, sums: usize, line: usize, count: i32, lanes: i32): void {
  const center = loadLanes(mean, lanes);
  let sum = f32x4.splat(0);
  for (let row = 0; row < count; row++) {
    const difference = f32x4.sub(loadLanes(x, lanes), center);
    sum = multiplyAdd(sum, difference, difference);
    x += line;
  }
  storeLanes(sums, f32x4.add(loadLanes(sums, lanes), sum), lanes);
}

/** sums += dy; products += dy (x - mean). */
function addProducts(x: usize, dy: usize, mean: usize, sums: usize, products: usize, rows: i32, channels: i32): void {
  const line: usize = channels << 2;
  for (let row = 0; row < rows; row += 4) {
    const count = min(4, rows - row);
    for (let c = 0; c < channels; c += 4) {
      const at: usize = c << 2;
      const lanes = min(4, channels - c);
      if (lanes == 4) productLanes(x + at, dy + at, mean + at, sums + at, products + at, line, count, 4);
      else productLanes(x + at, dy + at, mean + at, sums + at, products + at, line, count, lanes);
    }
    x += line << 2;
    dy += line << 2;
  }
}

@inline
function productLanes(x: usize, dy: usize, mean: usize, sums: usize, products: usize, line: usize, count: i32, lanes: i32): void {
  const center = loadLanes(mean, lanes);
  let sum = f32x4.splat(0), product = sum;
  for (let row = 0; row < count; row++) {
    const value = loadLanes(dy, lanes);
    sum = f32x4.add(sum, value);
    product = multiplyAdd(product, value, f32x4.sub(loadLanes(x, lanes), center));
    x += line;
    dy += line;
  }
  storeLanes(sums, f32x4.add(loadLanes(sums, lanes), sum), lanes);
  storeLanes(products, f32x4.add(loadLanes(products, lanes), product), lanes);
}

export function addToTotals(sums: usize, totals: usize, channels: i32): void {
  for (let c = 0; c < channels; c++) {
    const to = totals + (c << 3);
    f64.store(to, f64.load(to) + <f64>f32.load(sums + (c << 2)));
  }
}
