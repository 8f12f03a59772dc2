// Suspected labels against cleanlab, whose results test/fixtures/evaluation/label_issues.py wrote.

import { expect, test } from 'vitest';
import { evaluatePredictions, labelIssues } from '../../../src/evaluation/metrics/index.js';
import golden from '../../fixtures/evaluation/label_issues.json' with { type: 'json' };

test.each(golden.cases)(
  'finds the samples that cleanlab finds, in its order ($classes classes)',
  ({ labels, probabilities, issues, quality }) => {
    const found = labelIssues(evaluatePredictions(probabilities, labels));
    expect(issues.length).toBeGreaterThan(3);
    expect(found.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(issues.toSorted((a, b) => a - b));
    for (const issue of found) {
      expect(issue.quality).toBeCloseTo(quality[issue.index]!, 6);
      expect(issue.labelIndex).toBe(labels[issue.index]);
      expect(issue.suggestedIndex).not.toBe(issue.labelIndex);
    }
    expect(found.map(({ index }) => quality[index])).toEqual(issues.map((index) => quality[index]));
  },
);

test('says which class is more probable, and where the sample comes from', () => {
  const rows = [
    [0.9, 0.1],
    [0.2, 0.8],
    [0.95, 0.05],
    [0.1, 0.9],
  ];
  const evaluation = evaluatePredictions(rows, [0, 1, 1, 1], { classNames: ['cat', 'dog'], files: ['a', 'b', 'c', 'd'] });
  expect(labelIssues(evaluation)).toEqual([
    { index: 2, file: 'c', label: 'dog', labelIndex: 1, suggested: 'cat', suggestedIndex: 0, quality: 0.05 },
  ]);
});

test('correct labels and classes without samples give no issues', () => {
  const rows = [
    [0.9, 0.1, 0],
    [0.2, 0.7, 0.1],
    [0.6, 0.4, 0],
  ];
  expect(labelIssues(evaluatePredictions(rows, [0, 1, 0], { classNames: ['a', 'b', 'c'] }))).toEqual([]);
});
