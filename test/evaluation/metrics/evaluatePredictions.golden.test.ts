import { expect, test } from 'vitest';
import { classificationReport, evaluatePredictions } from '../../../src/evaluation/metrics/index.js';
import type { Scores } from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/metrics.json' with { type: 'json' };

const close = (received: number, expected: number | null): void => {
  if (expected === null) expect(received).toBeNaN();
  else expect([received]).toBeAllclose([expected]);
};
const three = ({ precision, recall, f1 }: Scores): number[] => [precision, recall, f1];

test.each(golden.single)("$name: every metric equals scikit-learn's", (expected) => {
  const classes = expected.probabilities[0]!.length;
  const classNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
  const topK = Object.keys(expected.topK).map(Number);
  const evaluation = evaluatePredictions(expected.probabilities, expected.labels, { classNames, topK });
  for (const metric of ['loss', 'accuracy', 'balancedAccuracy', 'kappa', 'matthews'] as const) close(evaluation[metric], expected[metric]);
  for (const [k, share] of Object.entries(expected.topK)) close(evaluation.topK[Number(k)]!, share);
  expect(evaluation.confusionMatrix.map((row) => [...row])).toEqual(expected.confusionMatrix);
  expect(evaluation.perClass.map(({ support }) => support)).toEqual(expected.perClass.map(({ support }) => support));
  expect(evaluation.perClass.flatMap(three)).toBeAllclose(expected.perClass.flatMap(three));
  for (const kind of ['macro', 'micro', 'weighted'] as const) expect(three(evaluation[kind])).toBeAllclose(three(expected[kind]));
  close(evaluation.calibration.brier, expected.brier);
  close(evaluation.calibration.ece, expected.ece);
  close(evaluation.calibration.mce, expected.mce);
  const bins = evaluation.calibration.bins.filter(({ count }) => count > 0);
  expect(evaluation.calibration.bins.map(({ count }) => count)).toEqual(expected.bins.counts);
  expect(bins.map(({ confidence }) => confidence)).toBeAllclose(expected.bins.confidence);
  expect(bins.map(({ accuracy }) => accuracy)).toBeAllclose(expected.bins.accuracy);
});

// If no prediction is correct, scikit-learn prints the support as a float ("1.0"). This bug is not reproduced.
test.each(golden.single.filter(({ accuracy }) => accuracy > 0))(
  "$name: the report equals scikit-learn's, character by character",
  ({ probabilities, labels, report, report3 }) => {
    const classNames = probabilities[0]!.map((_, i) => `class ${i}`);
    const evaluation = evaluatePredictions(probabilities, labels, { classNames });
    expect(classificationReport(evaluation)).toBe(report);
    expect(classificationReport(evaluation, { digits: 3 })).toBe(report3);
  },
);

test.each(golden.multi)("$name: every multi-label metric equals scikit-learn's", (expected) => {
  const classNames = expected.labels[0]!.map((_, i) => `finding ${i}`);
  const evaluation = evaluatePredictions(expected.probabilities, expected.labels, {
    multiLabel: true,
    classNames,
    threshold: expected.threshold,
  });
  for (const metric of ['loss', 'accuracy', 'hammingLoss'] as const) close(evaluation[metric], expected[metric]);
  expect(evaluation.perClass.flatMap(three)).toBeAllclose(expected.perClass.flatMap(three));
  for (const kind of ['macro', 'micro', 'weighted', 'samples'] as const)
    expect(three(evaluation[kind])).toBeAllclose(three(expected[kind]));
  expect(classificationReport(evaluation)).toBe(expected.report);
});
