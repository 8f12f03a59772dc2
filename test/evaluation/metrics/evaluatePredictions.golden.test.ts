import { expect, test } from 'vitest';
import { classificationReport, evaluatePredictions } from '../../../src/evaluation/metrics/index.js';
import type { Scores } from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/metrics.json' with { type: 'json' };

const close = (received: number, expected: number | null): void => {
  if (expected === null) expect(received).toBeNaN();
  else expect([received]).toBeAllclose([expected]);
};
const three = ({ precision, recall, f1 }: Scores): number[] => [precision, recall, f1];

test.each(golden.single)("$name: every figure equals scikit-learn's", (wanted) => {
  const classes = wanted.probabilities[0]!.length;
  const classNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
  const topK = Object.keys(wanted.topK).map(Number);
  const evaluation = evaluatePredictions(wanted.probabilities, wanted.labels, { classNames, topK });
  for (const figure of ['loss', 'accuracy', 'balancedAccuracy', 'kappa', 'matthews'] as const) close(evaluation[figure], wanted[figure]);
  for (const [k, share] of Object.entries(wanted.topK)) close(evaluation.topK[Number(k)]!, share);
  expect(evaluation.confusionMatrix.map((row) => [...row])).toEqual(wanted.confusionMatrix);
  expect(evaluation.perClass.map(({ support }) => support)).toEqual(wanted.perClass.map(({ support }) => support));
  expect(evaluation.perClass.flatMap(three)).toBeAllclose(wanted.perClass.flatMap(three));
  for (const kind of ['macro', 'micro', 'weighted'] as const) expect(three(evaluation[kind])).toBeAllclose(three(wanted[kind]));
  close(evaluation.calibration.brier, wanted.brier);
  close(evaluation.calibration.ece, wanted.ece);
  close(evaluation.calibration.mce, wanted.mce);
  const bins = evaluation.calibration.bins.filter(({ count }) => count > 0);
  expect(evaluation.calibration.bins.map(({ count }) => count)).toEqual(wanted.bins.counts);
  expect(bins.map(({ confidence }) => confidence)).toBeAllclose(wanted.bins.confidence);
  expect(bins.map(({ accuracy }) => accuracy)).toBeAllclose(wanted.bins.accuracy);
});

// Without a single hit scikit-learn prints the support as a float ("1.0"): a slip not worth keeping.
test.each(golden.single.filter(({ accuracy }) => accuracy > 0))(
  "$name: the report is scikit-learn's, letter by letter",
  ({ probabilities, labels, report, report3 }) => {
    const classNames = probabilities[0]!.map((_, i) => `class ${i}`);
    const evaluation = evaluatePredictions(probabilities, labels, { classNames });
    expect(classificationReport(evaluation)).toBe(report);
    expect(classificationReport(evaluation, { digits: 3 })).toBe(report3);
  },
);

test.each(golden.multi)("$name: label sets equal scikit-learn's figures", (wanted) => {
  const classNames = wanted.labels[0]!.map((_, i) => `finding ${i}`);
  const evaluation = evaluatePredictions(wanted.probabilities, wanted.labels, {
    multiLabel: true,
    classNames,
    threshold: wanted.threshold,
  });
  for (const figure of ['loss', 'accuracy', 'hammingLoss'] as const) close(evaluation[figure], wanted[figure]);
  expect(evaluation.perClass.flatMap(three)).toBeAllclose(wanted.perClass.flatMap(three));
  for (const kind of ['macro', 'micro', 'weighted', 'samples'] as const) expect(three(evaluation[kind])).toBeAllclose(three(wanted[kind]));
  expect(classificationReport(evaluation)).toBe(wanted.report);
});
