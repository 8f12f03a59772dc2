// Loads and stores up to four neighboring floats. With a constant 4, the compiler removes the branch.

@inline
export function loadLanes(at: usize, lanes: i32): v128 {
  if (lanes == 4) return v128.load(at);
  let value = v128.load32_zero(at);
  if (lanes > 1) value = v128.load_lane<f32>(at, value, 1, 4);
  if (lanes > 2) value = v128.load_lane<f32>(at, value, 2, 8);
  return value;
}

@inline
export function storeLanes(at: usize, value: v128, lanes: i32): void {
  if (lanes == 4) {
    v128.store(at, value);
    return;
  }
  v128.store_lane<f32>(at, value, 0);
  if (lanes > 1) v128.store_lane<f32>(at, value, 1, 4);
  if (lanes > 2) v128.store_lane<f32>(at, value, 2, 8);
}

/** sum + a b, in the order that `withMultiplyAdd` of src/wasm/relaxedSimd.ts turns into one instruction. */
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), sum);
}

/** Copies `count` floats. */
export function copyFloats(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(to + (i << 2), v128.load(from + (i << 2)));
  for (; i < count; i++) i32.store(to + (i << 2), i32.load(from + (i << 2)));
}

/** Adds `count` floats to those at the target. */
export function addFloats(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = to + (i << 2);
    v128.store(at, f32x4.add(v128.load(at), v128.load(from + (i << 2))));
  }
  for (; i < count; i++) {
    const at = to + (i << 2);
    store<f32>(at, load<f32>(at) + load<f32>(from + (i << 2)));
  }
}

/** out = a b, for `count` floats. */
export function multiply(a: usize, b: usize, out: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = i << 2;
    v128.store(out + at, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  if (i < count) {
    const at: usize = i << 2;
    storeLanes(out + at, f32x4.mul(loadLanes(a + at, count - i), loadLanes(b + at, count - i)), count - i);
  }
}
