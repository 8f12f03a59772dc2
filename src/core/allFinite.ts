// Whether numbers are finite, in one pass without a branch.

/** Whether all numbers are finite. */
export function allFinite(values: Float32Array): boolean {
  // Zero times anything finite is zero; an infinity or NaN makes the whole sum NaN.
  const whole = values.length - (values.length % 4);
  // Four sums side by side: one alone waits for itself at every number, and there are millions.
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
