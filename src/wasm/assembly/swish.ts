// Swish, x sigmoid(x), and its gradient, which depends only on x.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

/** e^x, within 2 units in the last place: 2^n e^r with |r| <= ln(2) / 2 and a polynomial of degree 6. */
@inline
function exponential(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.splat(88), f32x4.pmax(f32x4.splat(-87), x));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  // ln(2) is split into two parts, the first of which has few bits, so that r remains precise.
  let r = multiplyAdd(clamped, n, f32x4.splat(-0.693359375));
  r = multiplyAdd(r, n, f32x4.splat(2.12194440e-4));
  let sum = f32x4.splat(1 / 720.0);
  sum = multiplyAdd(f32x4.splat(1 / 120.0), sum, r);
  sum = multiplyAdd(f32x4.splat(1 / 24.0), sum, r);
  sum = multiplyAdd(f32x4.splat(1 / 6.0), sum, r);
  sum = multiplyAdd(f32x4.splat(0.5), sum, r);
  sum = multiplyAdd(f32x4.splat(1), sum, r);
  sum = multiplyAdd(f32x4.splat(1), sum, r);
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(sum, power);
}

@inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
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
