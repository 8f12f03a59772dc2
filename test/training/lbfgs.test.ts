// Minimization of functions whose minimum is known.

import { expect, test } from 'vitest';
import { lbfgs } from '../../src/training/lbfgs.js';

const EXACT = { tolerance: 1e-8, maxIterations: 200 };

test('finds the minimum of a quadratic function with a condition of 10,000', async () => {
  const scales = [1, 10, 100, 1000, 10_000];
  const minimum = await lbfgs(
    (point) =>
      Promise.resolve({
        value: scales.reduce((sum, scale, i) => sum + (scale / 2) * (point[i]! - i) ** 2, 0),
        gradient: Float64Array.from(scales, (scale, i) => scale * (point[i]! - i)),
      }),
    new Float64Array(5).fill(7),
    EXACT,
  );
  expect([...minimum]).toBeAllclose([0, 1, 2, 3, 4], { tolerance: 1e-6 });
});

test("finds the minimum of Rosenbrock's function", async () => {
  const [x, y] = await lbfgs(
    ([a, b]) =>
      Promise.resolve({
        value: (1 - a!) ** 2 + 100 * (b! - a! ** 2) ** 2,
        gradient: Float64Array.of(-2 * (1 - a!) - 400 * a! * (b! - a! ** 2), 200 * (b! - a! ** 2)),
      }),
    Float64Array.of(-1.2, 1),
    EXACT,
  );
  expect([x, y]).toBeAllclose([1, 1], { tolerance: 1e-6 });
});

test('returns the start where it is a minimum, and stops after the given number of iterations', async () => {
  const square = ([x]: Float64Array) => Promise.resolve({ value: x! ** 4, gradient: Float64Array.of(4 * x! ** 3) });
  expect([...(await lbfgs(square, Float64Array.of(0), EXACT))]).toEqual([0]);
  const [after] = await lbfgs(square, Float64Array.of(3), { tolerance: 0, maxIterations: 1 });
  expect(after).toBe(2);
});
