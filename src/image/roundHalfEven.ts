/** Rounds to the nearest integer. Ties go to the even integer, as in C's `lrintf` and Python's `round`. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
