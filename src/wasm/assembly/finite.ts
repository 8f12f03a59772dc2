// Tests in one pass whether all numbers are finite.

/** Returns 0 if all floats are finite, NaN otherwise. */
export function finite(x: usize, count: i32): f32 {
  // A finite number times 0 is 0. Infinity or NaN times 0 is NaN, which makes the sum NaN.
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const at = x + (i << 2);
    a = f32x4.add(a, f32x4.mul(v128.load(at), zero));
    b = f32x4.add(b, f32x4.mul(v128.load(at, 16), zero));
  }
  a = f32x4.add(a, b);
  let sum = f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3);
  for (; i < count; i++) sum += load<f32>(x + (i << 2)) * 0;
  return sum;
}
