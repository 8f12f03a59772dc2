// The temperature for logits and targets, against PyTorch's L-BFGS. That of evaluations is in rankingCurves.golden.test.ts.

import { expect, test } from 'vitest';
import { bestTemperature } from '../../../src/evaluation/metrics/internal.js';
import golden from '../../fixtures/evaluation/temperature.json' with { type: 'json' };

test.each(golden.cases)('$name: the temperature equals that of PyTorch', ({ classes, logits, targets, temperature }) => {
  expect(bestTemperature(Float64Array.from(logits), Float32Array.from(targets), classes)! / temperature).toBeCloseTo(1, 6);
});

test('a constant for each row changes nothing, and the temperature grows with the logits', () => {
  const { classes, logits, targets, temperature } = golden.cases[0]!;
  const moved = Float64Array.from(logits, (logit, i) => 3 * logit + Math.floor(i / classes));
  expect(bestTemperature(moved, Float32Array.from(targets), classes)! / temperature).toBeCloseTo(3, 6);
});
