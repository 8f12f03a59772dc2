import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { roundFilters, roundRepeats } from '../../src/scaling/index.js';

const filters = fc.integer({ min: 1, max: 4096 });
const coefficient = fc.double({ min: 0.1, max: 8, noNaN: true });

test.prop([filters, coefficient])('is a multiple of 8 and keeps at least 90 % of the scaled width', (count, width) => {
  const rounded = roundFilters(count, width);
  expect(rounded % 8).toBe(0);
  expect(rounded).toBeGreaterThanOrEqual(0.9 * count * width);
});

test.prop([filters, filters, coefficient])('more filters never round to fewer', (a, b, width) => {
  expect(roundFilters(Math.max(a, b), width)).toBeGreaterThanOrEqual(roundFilters(Math.min(a, b), width));
});

test.prop([filters, coefficient, fc.integer({ min: 1, max: 64 })])(
  'without the guard it is the nearest multiple of the divisor',
  (count, width, divisor) => {
    const rounded = roundFilters(count, width, { divisor, minShare: 0 });
    expect(rounded % divisor).toBe(0);
    if (rounded > divisor) expect(Math.abs(rounded - count * width)).toBeLessThanOrEqual(divisor / 2 + 1e-9);
  },
);

test.prop([filters, coefficient, fc.integer({ min: 1, max: 512 })])('never falls below the minimum', (count, width, minFilters) => {
  expect(roundFilters(count, width, { minFilters })).toBeGreaterThanOrEqual(minFilters);
});

test.prop([fc.integer({ min: 1, max: 100 }), coefficient])('repeats are rounded up by less than one block', (repeats, depth) => {
  const scaled = roundRepeats(repeats, depth);
  expect(scaled).toBeGreaterThanOrEqual(repeats * depth);
  expect(scaled - repeats * depth).toBeLessThan(1);
});

test('integer products are kept and others rounded up, in double precision like Python', () => {
  expect(roundRepeats(10, 1.1)).toBe(11);
  expect(roundRepeats(3, 1.1)).toBe(4);
  expect(roundRepeats(30, 0.1)).toBe(3);
  expect(roundRepeats(3, 1 + Number.EPSILON)).toBe(4);
});

test.each([
  [() => roundFilters(0, 1), 'roundFilters: expected a positive number for `filters`, received 0.'],
  [() => roundFilters(32, Number.NaN), 'roundFilters: expected a positive number for `widthCoefficient`, received NaN.'],
  [
    () => roundFilters(32, 1, { divisr: 8 } as never),
    'roundFilters: expected one of the options `divisor`, `minFilters`, `minShare`, received `divisr`.',
  ],
  [() => roundRepeats(-1, 1), 'roundRepeats: expected a positive number for `repeats`, received -1.'],
])('%s is refused', (act, message) => {
  expect(act).toThrow(message);
});
