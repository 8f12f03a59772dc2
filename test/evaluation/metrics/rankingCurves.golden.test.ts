import { expect, test } from 'vitest';
import {
  averagePrecision,
  evaluatePredictions,
  fitTemperature,
  precisionRecallCurve,
  rocAuc,
  rocCurve,
  withTemperature,
} from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/metrics.json' with { type: 'json' };

const gaps = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? -1);
const filled = (values: Float64Array): number[] => [...values].map((value) => (Number.isNaN(value) ? -1 : value));

test.each(golden.curves)(
  "$name: every point of the curves equals scikit-learn's",
  ({ labels, scores, roc, pr, auc, averagePrecision: ap }) => {
    const evaluation = evaluatePredictions(scores, labels, { classNames: ['no', 'yes'] });
    const drawn = rocCurve(evaluation, 'yes');
    expect(drawn.falsePositiveRate).toBeAllclose(roc.falsePositiveRate);
    expect(drawn.truePositiveRate).toBeAllclose(roc.truePositiveRate);
    expect(drawn.thresholds[0]).toBe(Infinity);
    expect(drawn.thresholds.slice(1)).toBeAllclose(roc.thresholds);
    expect(drawn.auc).toBeCloseTo(auc, 9);
    const curve = precisionRecallCurve(evaluation, 1);
    expect(curve.precision).toBeAllclose(pr.precision);
    expect(curve.recall).toBeAllclose(pr.recall);
    expect(curve.thresholds).toBeAllclose(pr.thresholds);
    expect(curve.averagePrecision).toBeCloseTo(ap, 9);
  },
);

test.each(golden.curves)('$name: no other threshold is better than the best', ({ labels, scores, roc, pr }) => {
  const evaluation = evaluatePredictions(scores, labels, { classNames: ['no', 'yes'] });
  const gain = (i: number): number => roc.truePositiveRate[i]! - roc.falsePositiveRate[i]!;
  const f1 = (i: number): number => (2 * pr.precision[i]! * pr.recall[i]!) / (pr.precision[i]! + pr.recall[i]!);
  const { thresholds, bestThreshold } = rocCurve(evaluation, 'yes');
  expect(gain(thresholds.indexOf(bestThreshold))).toBe(Math.max(...roc.thresholds.map((_, i) => gain(i + 1)), 0));
  const other = precisionRecallCurve(evaluation, 'yes');
  expect(f1(other.thresholds.indexOf(other.bestThreshold))).toBeCloseTo(Math.max(...pr.thresholds.map((_, i) => f1(i))), 12);
});

test.each(golden.single)('$name: one-vs-rest areas of every class', ({ probabilities, labels, oneVsRest }) => {
  const evaluation = evaluatePredictions(probabilities, labels);
  expect(filled(rocAuc(evaluation).perClass)).toBeAllclose(gaps(oneVsRest.map(({ auc }) => auc)));
  expect(filled(averagePrecision(evaluation).perClass)).toBeAllclose(gaps(oneVsRest.map((one) => one.averagePrecision)));
});

test.each(golden.multi)(
  '$name: averaged areas of multi-label data',
  ({ probabilities, labels, threshold, macroAuc, microAuc, weightedAuc, microAveragePrecision }) => {
    const evaluation = evaluatePredictions(probabilities, labels, { multiLabel: true, threshold });
    const { macro, micro, weighted } = rocAuc(evaluation);
    expect([macro, micro, weighted, averagePrecision(evaluation).micro]).toBeAllclose([
      macroAuc,
      microAuc,
      weightedAuc,
      microAveragePrecision,
    ]);
  },
);

test.each(golden.single.filter(({ accuracy, temperature }) => accuracy < 1 && temperature.value < 50))(
  '$name: the temperature and the loss equal those of SciPy',
  ({ probabilities, labels, temperature }) => {
    const evaluation = evaluatePredictions(probabilities, labels);
    const found = fitTemperature(evaluation);
    expect(found / temperature.value).toBeCloseTo(1, 5);
    const scaled = withTemperature(evaluation, found);
    expect([scaled.loss]).toBeAllclose([temperature.loss]);
    expect(scaled.predictions.predicted).toEqual(evaluation.predictions.predicted);
  },
);

test('a model that is never wrong has no best temperature', () => {
  const evaluation = evaluatePredictions(
    [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
    [0, 1],
  );
  expect(() => fitTemperature(evaluation)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: fitTemperature: expected predictions of which some are wrong and most are right, received 2 with accuracy 1.00. No temperature between 0.01 and 100 is best.]`,
  );
});

test('a curve requires an existing class with positive and negative samples', () => {
  const evaluation = evaluatePredictions(
    [
      [0.9, 0.1, 0],
      [0.2, 0.8, 0],
    ],
    ['cat', 'cat'],
    { classNames: ['cat', 'dog', 'owl'] },
  );
  expect(() => rocCurve(evaluation, 'cat')).toThrowErrorMatchingInlineSnapshot(
    `[DataError: rocCurve: expected samples that belong to 'cat' and samples that do not, received none that do not.]`,
  );
  expect(() => precisionRecallCurve(evaluation, 1)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: precisionRecallCurve: expected samples that belong to 'dog' and samples that do not, received none that do.]`,
  );
  expect(() => rocCurve(evaluation, 'bat')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: rocCurve: expected one of 'cat', 'dog', 'owl' or an index below 3 for \`target\`, received 'bat'.]`,
  );
});
