// Finds the largest value of a long list. Spreading it into Math.max would overflow the call stack.

/** Returns the largest value, or `start` if all values are smaller. Returns NaN if any value is NaN, like `Math.max`. */
export function largest(values: Iterable<number>, start = -Infinity): number {
  let highest = start;
  for (const value of values) highest = Math.max(highest, value);
  return highest;
}
