// The factor on logits, and the loss with it.

import { expect, test } from 'vitest';
import { fitScale } from '../../src/training/fitScale.js';

const rows = (...logits: readonly number[][]): Float64Array[] => logits.map((row) => Float64Array.from(row));

test('the factor undoes one that logits were multiplied by', () => {
  const [logits, labels] = [rows([2, 0], [1, 0], [0, 1], [0, 3]), [0, 1, 1, 1]];
  const { scale, leaveOneOut } = fitScale(logits, labels, 8);
  const larger = fitScale(
    logits.map((row) => row.map((value) => value * 50)),
    labels,
    8,
  );
  expect(larger.scale * 50).toBeCloseTo(scale, 6);
  expect(larger.leaveOneOut?.loss).toBeCloseTo(leaveOneOut!.loss, 6);
  expect(leaveOneOut).toMatchObject({ count: 4, accuracy: 0.75 });
});

test('the loss at the factor is the lowest with smoothed targets', () => {
  const [logits, labels] = [rows([2, 0], [1, 0], [0, 1], [0, 3]), [0, 1, 1, 1]];
  const { scale } = fitScale(logits, labels, 8);
  const smoothed = (factor: number): number =>
    logits.reduce((sum, row, i) => {
      const all = Math.log(row.reduce((total, value) => total + Math.exp(value * factor), 0));
      return sum - row.reduce((part, value, c) => part + (c === labels[i] ? 0.9 : 0.1) * (value * factor - all), 0);
    }, 0);
  expect(smoothed(scale)).toBeLessThan(smoothed(scale * 1.01));
  expect(smoothed(scale)).toBeLessThan(smoothed(scale * 0.99));
});

test('where every prediction is correct, the factor is finite and the loss is small', () => {
  const { scale, leaveOneOut } = fitScale(rows([1, 0], [0, 1], [2, 0], [0, 2]), [0, 1, 0, 1], 8);
  expect(leaveOneOut?.accuracy).toBe(1);
  expect(scale).toBeLessThan(5);
  expect(leaveOneOut?.loss).toBeLessThan(0.2);
});
