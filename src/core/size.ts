// Height and width, as every option and parameter of that kind takes them.

import { arrayOf, positiveInteger, rule, type Rule } from './checks.js';

/** Height and width in pixels; one number means a square. */
export type Size = number | readonly [height: number, width: number];

export const size: Rule<Size> = rule(
  'a positive integer or [height, width]',
  (value) => positiveInteger.accepts(value) || arrayOf(positiveInteger, 2).accepts(value),
);

/** Reads a size as height and width. */
export function sides(value: Size): readonly [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : value;
}
