// The update of gradient descent without momentum, in one pass.

import { loadLanes, storeLanes } from './lanes';

@inline
function update(weight: usize, gradient: usize, newWeight: usize, rate: v128, lanes: i32): void {
  storeLanes(newWeight, f32x4.sub(loadLanes(weight, lanes), f32x4.mul(loadLanes(gradient, lanes), rate)), lanes);
}

/** newWeight = weight - rate gradient */
export function descentUpdate(weight: usize, gradient: usize, newWeight: usize, count: i32, rate: f32): void {
  const rates = f32x4.splat(rate);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    update(weight + at, gradient + at, newWeight + at, rates, 4);
  }
  if (i < count) {
    const at: usize = i << 2;
    update(weight + at, gradient + at, newWeight + at, rates, count - i);
  }
}
