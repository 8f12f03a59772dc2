import { expect, test } from 'vitest';
import { weightArray } from '../../src/weights/index.js';

test('a shape and its numbers must agree', () => {
  expect(() => weightArray([2, 2], new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: weightArray: expected 4 values for shape [2, 2], received 3.]`,
  );
});
