// Accuracy by coverage, against scikit-learn.

import { expect, test } from 'vitest';
import { confidencesOf, coverageCurve, evaluatePredictions, fitUnknownThreshold } from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/unknown.json' with { type: 'json' };

const { probabilities, labels, curve, thresholds } = golden.coverage;
const evaluation = evaluatePredictions(probabilities, labels);

test("every point of the curve equals scikit-learn's", () => {
  const found = coverageCurve(evaluation);
  for (const [column, values] of [found.thresholds, found.coverage, found.accuracy].entries())
    expect([...values]).toBeAllclose(curve.map((point) => point[column]!));
  expect(found.accuracy.at(-1)).toBeCloseTo(evaluation.accuracy, 12);
});

test('the threshold accepts as many answers as the error allows', () => {
  for (const [maxError, threshold] of Object.entries(thresholds))
    expect(fitUnknownThreshold(evaluation, { maxError: Number(maxError) })).toBeCloseTo(threshold, 6);
});

test('confidences are the probabilities of the predicted classes', () => {
  expect([...confidencesOf(evaluation)]).toBeAllclose(probabilities.map((row) => Math.max(...row)));
});

test('an error that no threshold reaches is named', () => {
  const wrong = evaluatePredictions(
    [
      [0.9, 0.1],
      [0.6, 0.4],
    ],
    [1, 0],
  );
  expect(() => fitUnknownThreshold(wrong, { maxError: 0.1 })).toThrowErrorMatchingInlineSnapshot(
    `[DataError: fitUnknownThreshold: expected predictions of which at most 0.1 are wrong at some threshold, received 2 with accuracy 0.500. Allow a larger \`maxError\`, or evaluate on more data.]`,
  );
});
