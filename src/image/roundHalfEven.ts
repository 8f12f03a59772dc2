/** Rounds to the nearest integer; ties go to the even neighbor, as with C's `lrintf` and Python's `round`. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
