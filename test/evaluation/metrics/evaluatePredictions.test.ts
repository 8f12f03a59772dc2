import { expect, test } from 'vitest';
import { classificationReport, confusionTable, evaluatePredictions } from '../../../src/evaluation/metrics/index.js';

const pets = { classNames: ['cat', 'dog'] };

test('rows, a flat array and typed arrays give the same evaluation', () => {
  const rows = evaluatePredictions(
    [
      [0.5, 0.25, 0.25],
      [0.25, 0.25, 0.5],
    ],
    [0, 1],
  );
  expect(evaluatePredictions([0.5, 0.25, 0.25, 0.25, 0.25, 0.5], [0, 1])).toEqual(rows);
  expect(evaluatePredictions(new Float32Array([0.5, 0.25, 0.25, 0.25, 0.25, 0.5]), Int32Array.of(0, 1))).toEqual(rows);
});

test('a single output is the probability of the second class', () => {
  const evaluation = evaluatePredictions([0.75, 0.25, 0.5], ['dog', 'dog', 'cat'], pets);
  expect([...evaluation.predictions.probabilities]).toEqual([0.25, 0.75, 0.75, 0.25, 0.5, 0.5]);
  expect([...evaluation.predictions.predicted]).toEqual([1, 0, 0]);
});

test('logits are converted to probabilities, also for a single output', () => {
  const two = evaluatePredictions(
    [
      [0, 2],
      [1, 0],
    ],
    [1, 0],
    { fromLogits: true },
  );
  const one = evaluatePredictions([[2], [-1]], [1, 0], { fromLogits: true });
  expect(one.predictions.probabilities).toBeAllclose(two.predictions.probabilities);
  expect(two.predictions.probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
});

test('top-k accuracy is computed for 1 and 5 by default', () => {
  const probabilities = [[0.1, 0.2, 0.3, 0.15, 0.05, 0.2]];
  expect(evaluatePredictions(probabilities, [0]).topK).toEqual({ 1: 0, 5: 1 });
  expect(evaluatePredictions(probabilities, [4], { topK: [5, 6] }).topK).toEqual({ 5: 0, 6: 1 });
});

test.each<[string, () => unknown]>([
  ['an empty set', () => evaluatePredictions([], [])],
  [
    'labels of another length',
    () =>
      evaluatePredictions(
        [
          [0.5, 0.5],
          [1, 0],
        ],
        [0],
      ),
  ],
  ['a flat array of another length', () => evaluatePredictions([0.5, 0.5, 1, 0], [0], pets)],
  [
    'probabilities that do not sum to one',
    () =>
      evaluatePredictions(
        [
          [0.5, 0.5],
          [0.9, 0.9],
        ],
        [0, 1],
        { files: ['a.jpg', 'b.jpg'] },
      ),
  ],
  ['a logit instead of a probability', () => evaluatePredictions([[3.2, -1]], [0])],
  [
    'NaN',
    () =>
      evaluatePredictions(
        [
          [0.5, 0.5],
          [NaN, 1],
        ],
        [0, 1],
      ),
  ],
  ['an index that is too large', () => evaluatePredictions([[0.5, 0.5]], [2])],
  ['an unknown name', () => evaluatePredictions([[0.5, 0.5]], ['bird'], pets)],
  ['labels by names when two classes have the same name', () => evaluatePredictions([[0.5, 0.5]], ['cat'], { classNames: ['cat', 'cat'] })],
  ['names without classNames', () => evaluatePredictions([[0.5, 0.5]], ['cat'])],
  ['too few names', () => evaluatePredictions([[0.5, 0.25, 0.25]], [0], pets)],
  ['files of another number', () => evaluatePredictions([[0.5, 0.5]], [0], { files: ['a.jpg', 'b.jpg'] })],
  ['k larger than the number of classes', () => evaluatePredictions([[0.5, 0.5]], [0], { topK: [1, 3] })],
  ['uneven rows', () => evaluatePredictions([[0.5, 0.5], [1]], [0, 1])],
  ['an unknown option', () => evaluatePredictions([[0.5, 0.5]], [0], { names: [] } as never)],
  ['a multi-label value of 2', () => evaluatePredictions([[0.5, 0.5]], [[0, 2]], { multiLabel: true })],
  ['thresholds of another number', () => evaluatePredictions([[0.5, 0.5]], [[0, 1]], { multiLabel: true, threshold: [0.5] })],
])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});

test('an error contains the file of the row', () => {
  const act = (): unknown => evaluatePredictions([[0.9, 0.9]], [1], { files: ['photos/b.jpg'] });
  expect(act).toThrow(expect.objectContaining({ name: 'DataError', origin: 'photos/b.jpg' }) as Error);
});

test('the report rounds exact halves to even, as Python does', () => {
  const probabilities = Array.from({ length: 8 }, (_, i) => (i === 0 ? [0.1, 0.9] : [0.9, 0.1]));
  const evaluation = evaluatePredictions(
    probabilities,
    Array.from({ length: 8 }, () => 1),
    pets,
  );
  expect(evaluation.accuracy).toBe(0.125);
  expect(classificationReport(evaluation)).toMatch(/accuracy +0\.12 /);
});

test('the confusion table uses class names, or letters if the line is too short', () => {
  const evaluation = evaluatePredictions(
    [
      [0.9, 0.1],
      [0.6, 0.4],
      [0.2, 0.8],
    ],
    ['cat', 'dog', 'dog'],
    pets,
  );
  expect(`\n${confusionTable(evaluation)}\n`).toBe(`
truth \\ predicted  cat  dog
cat                  1    .
dog                  1    1
`);
  expect(`\n${confusionTable(evaluation, { width: 25 })}\n`).toBe(`
truth \\ predicted  a  b
a   cat            1  .
b   dog            1  1
`);
});

test('a table of many classes shows those with the most mistakes', () => {
  const classes = 50;
  const probabilities = Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes }, (_, j) => Number(j === (i === 7 ? 9 : i))),
  );
  const table = confusionTable(
    evaluatePredictions(
      probabilities,
      probabilities.map((_, i) => i),
    ),
    { maxClasses: 2 },
  );
  expect(`\n${table}\n`).toBe(`
truth \\ predicted  7  9
7                  .  1
9                  .  1
(the 2 of 50 classes with the most mistakes)
`);
});

test('too many bins or digits are refused', () => {
  expect(() => evaluatePredictions([0.5], [0], { bins: 1e9 })).toThrow(
    'expected an integer in [1, 10000] for `bins`, received 1000000000.',
  );
  const evaluation = evaluatePredictions([0.5], [0]);
  expect(() => classificationReport(evaluation, { digits: 200 })).toThrow('expected an integer in [0, 100] for `digits`, received 200.');
});
