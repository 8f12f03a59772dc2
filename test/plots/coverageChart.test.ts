import { expect, test } from 'vitest';
import { evaluatePredictions } from '../../src/evaluation/metrics/index.js';
import { coverageChart, renderSvg } from '../../src/plots.js';
import { describeCharts, ofEverySize } from './support/charts.js';

describeCharts(ofEverySize('coverage', (evaluation) => coverageChart(evaluation, { unknownThreshold: 0.5 })));

// The two most confident of four answers are correct, the third is wrong, the fourth is correct.
const evaluation = evaluatePredictions(
  [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.7, 0.3],
    [0.6, 0.4],
  ],
  [0, 0, 1, 0],
);

test('the line has the accuracy of the most confident answers', () => {
  const { layer } = coverageChart(evaluation) as unknown as { layer: { data: { values: { coverage: number; accuracy: number }[] } }[] };
  expect(layer).toHaveLength(1);
  expect(layer[0]!.data.values.map(({ coverage, accuracy }) => [coverage, Number(accuracy.toFixed(4))])).toEqual([
    [0.25, 1],
    [0.5, 1],
    [0.75, 0.6667],
    [1, 0.75],
  ]);
});

test.each([
  [0.8, 'At the threshold 0.800, 50.0 % are answered, 100.0 % of them correctly.'],
  [0.65, 'At the threshold 0.650, 75.0 % are answered, 66.7 % of them correctly.'],
  [0, 'At the threshold 0.000, 100.0 % are answered, 75.0 % of them correctly.'],
  [0.95, 'No answer reaches the threshold 0.950.'],
])('the threshold %d is described in words and drawn', async (unknownThreshold, words) => {
  // float32 0.8 is above 0.8.
  const chart = coverageChart(evaluation, { unknownThreshold });
  expect(chart.description).toContain(words);
  await expect(renderSvg(chart)).resolves.toMatch(/^<svg /);
});

test('a threshold that is no probability is refused', () => {
  expect(() => coverageChart(evaluation, { unknownThreshold: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: coverageChart: expected a number in [0, 1] for \`unknownThreshold\`, received 2.]`,
  );
});
