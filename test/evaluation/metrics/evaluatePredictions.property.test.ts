import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { evaluatePredictions } from '../../../src/evaluation/metrics/index.js';

const sample = fc.record({
  label: fc.integer({ min: 0, max: 3 }),
  weights: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 }),
});
const toEvaluation = (samples: readonly { label: number; weights: number[] }[]) =>
  evaluatePredictions(
    samples.map(({ weights }) => weights.map((weight) => (weight + 1) / (weights.reduce((a, b) => a + b, 0) + 4))),
    samples.map(({ label }) => label),
  );

test.prop([fc.array(sample, { minLength: 1, maxLength: 40 })])('the order of the samples does not change any metric', (samples) => {
  const metrics = (ordered: typeof samples): number[] => flat({ ...toEvaluation(ordered), predictions: undefined });
  expect(metrics([...samples].reverse())).toBeAllclose(metrics(samples), { tolerance: 1e-9 });
});

test.prop([fc.array(sample, { minLength: 1, maxLength: 40 })])('the counts add up to the number of samples', (samples) => {
  const evaluation = toEvaluation(samples);
  const cells = evaluation.confusionMatrix.flatMap((row) => [...row]);
  expect(cells.reduce((a, b) => a + b)).toBe(samples.length);
  expect(evaluation.perClass.reduce((sum, { support }) => sum + support, 0)).toBe(samples.length);
  expect(evaluation.calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(samples.length);
  expect(evaluation.micro.f1).toBeCloseTo(evaluation.accuracy, 12);
  expect(evaluation.topK[1]).toBeLessThanOrEqual(1);
});

/** Returns every number in a value. NaN becomes -123, so that it can be compared. */
function flat(value: unknown): number[] {
  if (typeof value === 'number') return [Number.isNaN(value) ? -123 : value];
  if (ArrayBuffer.isView(value)) return [...(value as Uint32Array)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(flat) : [];
}
