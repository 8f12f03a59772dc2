import { expect, test } from 'vitest';
import {
  compareEvaluations,
  confidenceInterval,
  confusedPairs,
  evaluatePredictions,
  mostWrong,
  predictionsCsv,
  predictionsTable,
} from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/metrics.json' with { type: 'json' };

const classNames = ['cat', 'dog', 'owl'];
const evaluation = evaluatePredictions(
  [
    [0.5, 0.25, 0.25],
    [0.75, 0.125, 0.125],
    [0.125, 0.75, 0.125],
    [0.625, 0.25, 0.125],
  ],
  ['cat', 'dog', 'owl', 'dog'],
  { classNames, files: ['a.jpg', 'b, "c".jpg', 'd.jpg', 'e.jpg'] },
);

test('the most confident mistakes come first, equally confident ones in the order of the data', () => {
  expect(mostWrong(evaluation).map(({ file }) => file)).toEqual(['b, "c".jpg', 'd.jpg', 'e.jpg']);
  expect(mostWrong(evaluation, 1)).toEqual([
    { index: 1, file: 'b, "c".jpg', label: 'dog', labelIndex: 1, predicted: 'cat', predictedIndex: 0, probability: 0.75, correct: false },
  ]);
});

test('confused pairs are sorted by count', () => {
  expect(confusedPairs(evaluation)).toEqual([
    { label: 'dog', labelIndex: 1, predicted: 'cat', predictedIndex: 0, count: 2, share: 1 },
    { label: 'owl', labelIndex: 2, predicted: 'dog', predictedIndex: 1, count: 1, share: 1 },
  ]);
});

test('the CSV quotes cells that contain quotes or commas', () => {
  expect(predictionsTable(evaluation)).toHaveLength(4);
  expect(predictionsCsv(evaluation).split('\r\n').slice(0, 3)).toEqual([
    'index,file,label,labelIndex,predicted,predictedIndex,probability,correct',
    '0,a.jpg,cat,0,cat,0,0.5,true',
    '1,"b, ""c"".jpg",dog,1,cat,0,0.75,false',
  ]);
});

/** Returns two evaluations. `wins` samples are correct only in the second, `losses` samples only in the first. */
function pair(wins: number, losses: number) {
  const labels = Array.from({ length: wins + losses + 2 }, () => 0);
  const right = [0.75, 0.25];
  const wrong = [0.25, 0.75];
  const of = (rightOf: (i: number) => boolean) =>
    evaluatePredictions(
      labels.map((_, i) => (rightOf(i) ? right : wrong)),
      labels,
    );
  return [of((i) => i >= wins && i <= wins + losses), of((i) => i < wins || i === wins + losses)] as const;
}

test.each(golden.mcnemar)("McNemar's test of $wins wins and $losses losses equals the binomial test", ({ wins, losses, pValue }) => {
  const comparison = compareEvaluations(...pair(wins, losses));
  expect([comparison.fixed.length, comparison.broken.length, comparison.bothRight, comparison.bothWrong]).toEqual([wins, losses, 1, 1]);
  expect([comparison.pValue]).toBeAllclose([pValue], { tolerance: 1e-9 });
});

test('a comparison contains the gain, overall and per class', () => {
  const after = evaluatePredictions(
    [
      [0.75, 0.25, 0],
      [0.25, 0.75, 0],
      [0, 0.75, 0.25],
      [0, 1, 0],
    ],
    [0, 1, 2, 1],
    { classNames },
  );
  const { accuracyGain, perClass, fixed } = compareEvaluations(evaluation, after);
  expect(accuracyGain).toBe(0.5);
  expect([...fixed]).toEqual([1, 3]);
  expect(perClass[1]).toEqual({ name: 'dog', before: 0, after: 0.8, gain: 0.8 });
});

test('evaluations of different data are refused', () => {
  const other = (labels: string[], names = classNames) =>
    evaluatePredictions(
      labels.map(() => [0.5, 0.25, 0.25]),
      labels,
      { classNames: names },
    );
  expect(() => compareEvaluations(evaluation, other(['cat']))).toThrowErrorMatchingInlineSnapshot(
    `[DataError: compareEvaluations: expected evaluations of the same samples, received 4 and 1 of them.]`,
  );
  expect(() => compareEvaluations(evaluation, other(['cat', 'dog', 'cat', 'dog']))).toThrowErrorMatchingInlineSnapshot(
    `[DataError: compareEvaluations: expected the same samples in the same order, received different labels for sample 2. Evaluate without shuffling.]`,
  );
  expect(() =>
    compareEvaluations(evaluation, other(['cat', 'dog', 'owl', 'dog'], ['cat', 'owl', 'dog'])),
  ).toThrowErrorMatchingInlineSnapshot(
    `[DataError: compareEvaluations: expected the same class names in the same order, received 'dog' and 'owl' for class 1.]`,
  );
  const renamed = { ...evaluation, predictions: { ...evaluation.predictions, files: ['a.jpg', 'd.jpg', 'b.jpg', 'e.jpg'] } };
  expect(() => compareEvaluations(evaluation, renamed)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: compareEvaluations: expected the same files in the same order, received 'b, "c".jpg' and 'd.jpg' for sample 1. Evaluate the same list without shuffling.]`,
  );
});

test('an evaluation parsed from JSON is refused, a structured clone is accepted', () => {
  const read = JSON.parse(JSON.stringify(evaluation)) as typeof evaluation;
  expect(() => mostWrong(read)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: mostWrong: expected a typed array for \`evaluation.predictions.labels\`, received { 0, 1, 2, 3 }. JSON does not keep typed arrays: copy an evaluation with \`structuredClone\`, and save it with \`serialize\` of node:v8.]`,
  );
  expect(() => compareEvaluations(evaluation, read)).toThrow('for `after.predictions.labels`');
  expect(mostWrong(structuredClone(evaluation))).toEqual(mostWrong(evaluation));
});

test.each(golden.intervals)(
  "the $metric interval equals SciPy's bootstrap, except for random differences",
  ({ metric, low, high, tolerance }) => {
    const five = golden.single[0]!;
    const interval = confidenceInterval(evaluatePredictions(five.probabilities, five.labels), metric as 'accuracy', {
      resamples: 4000,
      seed: 3,
    });
    expect([interval.low, interval.high]).toBeAllclose([low, high], { tolerance });
    expect([interval.value]).toBeAllclose([metric === 'accuracy' ? five.accuracy : five.macro.f1]);
  },
);

test('an interval depends on the seed and is wider for a higher level', () => {
  const five = golden.single[0]!;
  const of = (options: object) => confidenceInterval(evaluatePredictions(five.probabilities, five.labels), 'kappa', options);
  expect(of({ seed: 1 })).toEqual(of({ seed: 1 }));
  expect(of({ seed: 1 })).not.toEqual(of({ seed: 2 }));
  expect(of({ level: 0.99 }).low).toBeLessThan(of({ level: 0.5 }).low);
  expect(() => of({ level: 95 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: confidenceInterval: expected a number in (0, 1) for \`level\`, received 95.]`,
  );
});
