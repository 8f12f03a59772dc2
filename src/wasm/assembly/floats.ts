// The weighted sum of two arrays.

import { loadLanes, storeLanes } from './lanes';

@inline
function add(to: usize, from: usize, toFactor: v128, fromFactor: v128, lanes: i32): void {
  const sum = f32x4.add(f32x4.mul(loadLanes(to, lanes), toFactor), f32x4.mul(loadLanes(from, lanes), fromFactor));
  storeLanes(to, sum, lanes);
}

/** to = to toFactor + from fromFactor */
export function addFloats(to: usize, from: usize, count: i32, toFactor: f32, fromFactor: f32): void {
  const factor = f32x4.splat(toFactor);
  const other = f32x4.splat(fromFactor);
  let i = 0;
  for (; i + 4 <= count; i += 4) add(to + (i << 2), from + (i << 2), factor, other, 4);
  if (i < count) add(to + (i << 2), from + (i << 2), factor, other, count - i);
}
