// Swish, x sigmoid(x), and its gradient, which depends only on x.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** e^-x, within 3 units in the last place: 2^n e^-r with |r| <= ln(2) / 2 and a polynomial of degree 5 with an error of 1e-7. */
@inline
function exponentialOfNegative(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.splat(87), f32x4.pmax(f32x4.splat(-88), x));
  // Adding 1.5 * 2^23 rounds to an integer, which then occupies the lowest bits.
  const magic = f32x4.splat(12582912);
  const shifted = multiplyAdd(magic, clamped, f32x4.splat(-1.44269504));
  const n = f32x4.sub(shifted, magic);
  // ln(2) is split into two parts, the first of which has few bits, so that r remains precise.
  let r = multiplyAdd(clamped, n, f32x4.splat(0.693359375));
  r = multiplyAdd(r, n, f32x4.splat(-2.12194440e-4));
  // Independent parts of the polynomial keep the chain of dependent operations short. The factors minimize the largest relative error.
  const square = f32x4.mul(r, r);
  const low = f32x4.sub(f32x4.splat(1), r);
  const middle = multiplyAdd(f32x4.splat(0.4999923), r, f32x4.splat(-0.16667115));
  const high = multiplyAdd(f32x4.splat(0.04189033), r, f32x4.splat(-0.0083125014));
  const sum = multiplyAdd(low, square, multiplyAdd(middle, square, high));
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23);
  return f32x4.mul(sum, power);
}

@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponentialOfNegative(x)));
}

@inline
function swishLanes(x: usize, y: usize, lanes: i32): void {
  const value = loadLanes(x, lanes);
  storeLanes(y, f32x4.mul(value, sigmoid(value)), lanes);
}

@inline
function gradientLanes(x: usize, dy: usize, dx: usize, lanes: i32): void {
  const value = loadLanes(x, lanes);
  const s = sigmoid(value);
  // d/dx x s = s + x s (1 - s)
  const slope = multiplyAdd(s, f32x4.mul(value, s), f32x4.sub(f32x4.splat(1), s));
  storeLanes(dx, f32x4.mul(loadLanes(dy, lanes), slope), lanes);
}

export function swish(x: usize, y: usize, count: i32): void {
  const end = x + (<usize>(count & ~3) << 2);
  for (; x < end; x += 16) {
    swishLanes(x, y, 4);
    y += 16;
  }
  if (count & 3) swishLanes(x, y, count & 3);
}

export function swishGradient(x: usize, dy: usize, dx: usize, count: i32): void {
  const end = x + (<usize>(count & ~3) << 2);
  for (; x < end; x += 16) {
    gradientLanes(x, dy, dx, 4);
    dy += 16;
    dx += 16;
  }
  if (count & 3) gradientLanes(x, dy, dx, count & 3);
}
