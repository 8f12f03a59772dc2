// The type and rule for options that take a height and width.

import { arrayOf, positiveInteger, rule, type Rule } from './checks.js';

/** Height and width in pixels. A single number means a square. */
export type Size = number | readonly [height: number, width: number];

export const size: Rule<Size> = rule(
  'a positive integer or [height, width]',
  (value) => positiveInteger.accepts(value) || arrayOf(positiveInteger, 2).accepts(value),
);

/** Returns a size as `[height, width]`. */
export function sides(value: Size): readonly [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : value;
}
