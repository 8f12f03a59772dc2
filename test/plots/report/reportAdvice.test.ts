// Three sentences, computed from the numbers of a report.

import { expect, test } from 'vitest';
import { evaluatePredictions, type Evaluation } from '../../../src/evaluation/metrics/index.js';
import { reportData } from '../../../src/plots.js';

const classNames = ['cat', 'dog', 'owl'];

/** Creates an evaluation from [label, predicted, confidence, times]. */
function evaluationOf(rows: readonly (readonly [label: number, predicted: number, confidence: number, times: number])[]): Evaluation {
  const samples = rows.flatMap(([label, predicted, confidence, times]) =>
    Array.from({ length: times }, () => ({ label, predicted, confidence })),
  );
  return evaluatePredictions(
    samples.map(({ predicted, confidence }) => classNames.map((_, c) => (c === predicted ? confidence : (1 - confidence) / 2))),
    samples.map(({ label }) => label),
    { classNames },
  );
}
const adviceOf = (evaluation: Evaluation): readonly string[] => reportData({ title: 'Pets', evaluation }).advice;

test('suspected labels come first, then the pair of classes with the most mistakes in both directions', () => {
  const advice = adviceOf(
    evaluationOf([
      [0, 0, 0.9, 40],
      [1, 1, 0.9, 40],
      [2, 2, 0.9, 40],
      [0, 1, 0.95, 3],
      [1, 0, 0.5, 2],
      [2, 1, 0.5, 1],
    ]),
  );
  expect(advice[0]).toContain('Check the 3 suspected labels first');
  expect(advice[0]).toContain('2.4 % of these samples');
  expect(advice[1]).toContain('cat and dog that show how they differ: 5 of the 6 mistakes');
  expect(advice).toHaveLength(3);
});

test('a class with few samples and probabilities that are too low are named', () => {
  const advice = adviceOf(
    evaluationOf([
      [0, 0, 0.5, 50],
      [1, 1, 0.5, 50],
      [2, 2, 0.5, 8],
    ]),
  );
  expect(advice[0]).toBe('Add photos of owl: this data has 8 samples of it and 50 of dog, so its scores say little.');
  expect(advice[1]).toContain('not confident enough, with a mean confidence of 50.0 % and an accuracy of 100.0 %');
  expect(advice[2]).toContain('Use the answers as they are');
});

test('without anything else to say, the least confident answers are for a person', () => {
  const advice = adviceOf(
    evaluationOf([
      [0, 0, 0.9, 300],
      [1, 1, 0.9, 300],
      [2, 2, 0.9, 300],
      [0, 1, 0.7, 50],
      [1, 2, 0.7, 50],
    ]),
  );
  expect(advice.at(-1)).toMatch(
    /^Let a person look at the least confident \d+\.\d % of the images: at most 5 % of the other answers are wrong\.$/,
  );
});

test('images of other things are compared with the threshold', () => {
  const evaluation = evaluationOf([
    [0, 0, 0.9, 10],
    [1, 1, 0.9, 10],
    [2, 2, 0.6, 20],
  ]);
  const { unknown } = reportData({ title: 'Pets', evaluation, unknownConfidences: [0.95, 0.7, 0.4, 0.4], unknownThreshold: 0.65 });
  expect(unknown).toMatchObject({ coverage: 1, threshold: 0.65, accepted: 0.5, separation: { falsePositiveRate95: 0.5 } });
  // Of 160 pairs, 20 x 3 and 20 x 2 are in the right order.
  expect(unknown?.separation?.auc).toBeCloseTo(100 / 160, 6);
});

test('mistakes have the second class, and a comparison names the samples that changed', () => {
  const before = evaluatePredictions(
    [
      [0.6, 0.3, 0.1],
      [0.1, 0.7, 0.2],
    ],
    [1, 1],
    { classNames, files: ['a', 'b'] },
  );
  const after = evaluatePredictions(
    [
      [0.3, 0.6, 0.1],
      [0.2, 0.1, 0.7],
    ],
    [1, 1],
    { classNames, files: ['a', 'b'] },
  );
  const { mistakes, comparison, metrics } = reportData({ title: 'Pets', evaluation: after, before });
  expect(mistakes).toEqual([
    {
      index: 1,
      file: 'b',
      label: 'dog',
      labelIndex: 1,
      predicted: 'owl',
      predictedIndex: 2,
      probability: 0.7,
      correct: false,
      runnerUp: 'cat',
      runnerUpProbability: 0.2,
      labelProbability: 0.1,
    },
  ]);
  expect(comparison).toMatchObject({
    fixed: [{ index: 0, file: 'a', label: 'dog', before: 'cat', after: 'dog' }],
    broken: [{ index: 1, file: 'b', label: 'dog', before: 'dog', after: 'owl' }],
  });
  expect(Object.keys(comparison?.metrics ?? {})).toEqual(Object.keys(metrics));
});
