// The largest of any number of values: spreading a long list into Math.max overflows the call stack.

/** The largest value, or `start` where all are smaller; NaN when a value is NaN, as with `Math.max`. */
export function largest(values: Iterable<number>, start = -Infinity): number {
  let highest = start;
  for (const value of values) highest = Math.max(highest, value);
  return highest;
}
