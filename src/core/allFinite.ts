// Tests whether all numbers of an array are finite.

/** Returns whether every number is finite. */
export function allFinite(values: Float32Array): boolean {
  // A finite number times zero is zero. Infinity or NaN times zero is NaN, which makes the whole sum NaN.
  const whole = values.length - (values.length % 4);
  // Four independent sums are faster than one, because an addition does not have to wait for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += (values[i] as number) * 0;
    b += (values[i + 1] as number) * 0;
    c += (values[i + 2] as number) * 0;
    d += (values[i + 3] as number) * 0;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] as number) * 0;
  return a + b + c + d === 0;
}
