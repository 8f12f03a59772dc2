import { expect, test } from 'vitest';
import { evaluatePredictions } from '../../src/evaluation/metrics/index.js';
import { precisionRecallChart, reliabilityChart, renderSvg, rocChart, type ChartSpec } from '../../src/plots.js';
import { describeCharts, linesOf, ofEverySize, ten, thousand, two } from './support/charts.js';

describeCharts([
  ...ofEverySize('ROC', rocChart),
  ...ofEverySize('precision-recall', precisionRecallChart),
  ...ofEverySize('reliability', reliabilityChart),
]);

test('by default, two classes have the curve of the second, and many classes the ten with the smallest areas', async () => {
  const legends = async (spec: ChartSpec) => (await renderSvg(spec)).match(/class &lt;\d+&gt; \([\d.]+\)<\/text>/g)!;
  expect(await legends(rocChart(two))).toEqual([expect.stringContaining('class &lt;1&gt;')]);
  expect(await legends(rocChart(thousand))).toHaveLength(10);
  expect(await legends(precisionRecallChart(ten, { show: ['class <4>', 7] }))).toHaveLength(2);
});

// Six scores with a tie, as scikit-learn 1.9.1 draws them: PrecisionRecallDisplay (drawstyle 'steps-post') and RocCurveDisplay (straight
// lines).
const eight = evaluatePredictions([0.1, 0.4, 0.35, 0.8, 0.7, 0.7, 0.9, 0.6], [0, 1, 0, 1, 1, 0, 1, 0]);
const corners = (line: readonly [number, number][]): [number, number][] =>
  line
    .map(([x, y]): [number, number] => [Number((x / 300).toFixed(4)), Number((1 - y / 300).toFixed(4))])
    .filter(([x, y], i, all) => i === 0 || x !== all[i - 1]![0] || y !== all[i - 1]![1]);

test("the precision-recall curve has the steps of scikit-learn's display, and their area is the average precision", async () => {
  const [line] = await linesOf(precisionRecallChart(eight));
  const points = corners(line!);
  expect(points).toEqual([
    [1, 0.5],
    [1, 0.5714],
    [1, 0.6667],
    [0.75, 0.6667],
    [0.75, 0.6],
    [0.75, 0.75],
    [0.5, 0.75],
    [0.5, 1],
    [0.25, 1],
    [0, 1],
  ]);
  const area = points.slice(1).reduce((sum, [x, y], i) => sum + ((points[i]![0] - x) * (points[i]![1] + y)) / 2, 0);
  expect(area).toBeCloseTo(0.8541667, 4);
});

test("the ROC curve has the straight lines of scikit-learn's display", async () => {
  const [line] = await linesOf(rocChart(eight));
  expect(corners(line!)).toEqual([
    [0, 0],
    [0, 0.25],
    [0, 0.5],
    [0.25, 0.75],
    [0.5, 0.75],
    [0.5, 1],
    [0.75, 1],
    [1, 1],
  ]);
});

test.each<[string, () => unknown]>([['an unknown class', () => rocChart(ten, { show: ['zebra'] })]])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
