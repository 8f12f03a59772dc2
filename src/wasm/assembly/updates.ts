// The updates of weights by optimizers, in one pass.

import { loadLanes, multiplyAdd, storeLanes } from './lanes';

@inline
function descentLanes(weight: usize, gradient: usize, newWeight: usize, rate: v128, lanes: i32): void {
  storeLanes(newWeight, f32x4.sub(loadLanes(weight, lanes), f32x4.mul(loadLanes(gradient, lanes), rate)), lanes);
}

/** newWeight = weight - rate gradient */
export function descentUpdate(weight: usize, gradient: usize, newWeight: usize, count: i32, rate: f32): void {
  const rates = f32x4.splat(rate);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    descentLanes(weight + at, gradient + at, newWeight + at, rates, 4);
  }
  if (i < count) {
    const at: usize = i << 2;
    descentLanes(weight + at, gradient + at, newWeight + at, rates, count - i);
  }
}

@inline
function momentumLanes(
  weight: usize, gradient: usize, velocity: usize, newWeight: usize, newVelocity: usize, rate: v128, momentum: v128, nesterov: i32, lanes: i32,
): void {
  const change = f32x4.neg(f32x4.mul(loadLanes(gradient, lanes), rate));
  const updated = multiplyAdd(change, loadLanes(velocity, lanes), momentum);
  storeLanes(newVelocity, updated, lanes);
  const step = nesterov ? multiplyAdd(change, updated, momentum) : updated;
  storeLanes(newWeight, f32x4.add(loadLanes(weight, lanes), step), lanes);
}

/** newVelocity = momentum velocity - rate gradient; newWeight = weight + newVelocity, or that of Nesterov. */
export function momentumUpdate(
  weight: usize, gradient: usize, velocity: usize, newWeight: usize, newVelocity: usize, count: i32, rate: f32, momentum: f32, nesterov: i32,
): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    momentumLanes(weight + at, gradient + at, velocity + at, newWeight + at, newVelocity + at, rates, momenta, nesterov, 4);
  }
  if (i < count) {
    const at: usize = i << 2;
    momentumLanes(weight + at, gradient + at, velocity + at, newWeight + at, newVelocity + at, rates, momenta, nesterov, count - i);
  }
}

@inline
function adamLanes(
  weight: usize, gradient: usize, mean: usize, meanSquare: usize, newWeight: usize, newMean: usize, newMeanSquare: usize,
  rate: v128, share1: v128, share2: v128, epsilon: v128, lanes: i32,
): void {
  const slope = loadLanes(gradient, lanes);
  const oldMean = loadLanes(mean, lanes);
  const oldSquare = loadLanes(meanSquare, lanes);
  const first = multiplyAdd(oldMean, f32x4.sub(slope, oldMean), share1);
  const second = multiplyAdd(oldSquare, f32x4.sub(f32x4.mul(slope, slope), oldSquare), share2);
  storeLanes(newMean, first, lanes);
  storeLanes(newMeanSquare, second, lanes);
  const change = f32x4.div(f32x4.mul(first, rate), f32x4.add(f32x4.sqrt(second), epsilon));
  storeLanes(newWeight, f32x4.sub(loadLanes(weight, lanes), change), lanes);
}

/** Adam; `share1` and `share2` are 1 - beta1 and 1 - beta2, and `rate` includes the bias corrections. */
export function adamUpdate(
  weight: usize, gradient: usize, mean: usize, meanSquare: usize, newWeight: usize, newMean: usize, newMeanSquare: usize,
  count: i32, rate: f32, share1: f32, share2: f32, epsilon: f32,
): void {
  const rates = f32x4.splat(rate), firsts = f32x4.splat(share1), seconds = f32x4.splat(share2), epsilons = f32x4.splat(epsilon);
  for (let i = 0; i < count; i += 4) {
    const at: usize = i << 2;
    if (i + 4 <= count) {
      adamLanes(
        weight + at, gradient + at, mean + at, meanSquare + at, newWeight + at, newMean + at, newMeanSquare + at,
        rates, firsts, seconds, epsilons, 4,
      );
    } else {
      adamLanes(
        weight + at, gradient + at, mean + at, meanSquare + at, newWeight + at, newMean + at, newMeanSquare + at,
        rates, firsts, seconds, epsilons, count - i,
      );
    }
  }
}
