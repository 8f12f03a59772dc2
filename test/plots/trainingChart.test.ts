import { expect, test } from 'vitest';
import { renderSvg, trainingChart } from '../../src/plots.js';
import { describeCharts, linesOf } from './support/charts.js';

const history = { loss: [2, 1, 0.5], val_loss: [2.5, 1.5, 1.25], acc: [0.25, 0.5, 0.75], val_acc: [0.125, 0.375, 0.5] };

describeCharts([
  ['training', () => trainingChart(history)],
  [
    'training in phases',
    () =>
      trainingChart([
        { name: 'head', history },
        { name: 'fine-tuning', history },
      ]),
  ],
]);

test('phases follow one another, with a boundary between their epochs', async () => {
  const svg = await renderSvg(
    trainingChart(
      [
        { name: 'head', history },
        { name: 'fine-tuning', history },
      ],
      { metrics: ['loss'] },
    ),
  );
  expect(svg).toContain('>fine-tuning</text>');
  expect(svg).toContain('>loss</text>');
  expect(svg).not.toContain('>accuracy</text>');
});

test('a list of epochs and lists of values by metric give the same chart', () => {
  const epochs = [
    { epoch: 0, loss: 2, val_loss: 2.5, accuracy: 0.25, val_accuracy: 0.125 },
    { epoch: 1, loss: 1, val_loss: 1.5, accuracy: 0.5, val_accuracy: 0.375 },
    { epoch: 2, loss: 0.5, val_loss: 1.25, accuracy: 0.75, val_accuracy: 0.5 },
  ];
  expect(trainingChart(epochs)).toEqual(trainingChart(history));
  expect(trainingChart([{ name: 'training', history: epochs }])).toEqual(trainingChart(history));
});

test('an epoch that is not finite is a gap, between values and at the end', async () => {
  for (const broken of [NaN, Infinity, -Infinity, null as unknown as number]) {
    const spec = trainingChart({ loss: [2, 1, broken, 0.8, 0.7, broken] });
    const lines = await linesOf(spec);
    expect(lines.map((line) => line.map(([x]) => Math.round(x)))).toEqual([
      [27, 80],
      [187, 240],
    ]);
    expect(await renderSvg(spec)).toContain('>training not finite in 2 of 6 epochs</text>');
    expect(spec.description).toBe('Metrics over 6 epochs: training loss ends without a finite value.');
  }
});

test('a list of epochs has gaps where a value is not finite, but not where a metric was not measured', async () => {
  const validated = Array.from({ length: 9 }, (_, i) => ({
    epoch: i,
    loss: i === 4 ? NaN : 1 / (i + 1),
    ...(i % 3 === 2 ? { val_loss: 2 / (i + 1) } : {}),
  }));
  const spec = trainingChart(validated);
  // report.json contains null instead of NaN.
  expect(trainingChart(JSON.parse(JSON.stringify(validated)) as typeof validated)).toEqual(spec);
  expect(await linesOf(spec)).toHaveLength(2);
  expect(await linesOf(spec, '#c8641b')).toEqual([
    [
      [expect.closeTo(88.9, 1), expect.anything()],
      [expect.closeTo(195.6, 1), expect.anything()],
      [expect.closeTo(302.2, 1), expect.anything()],
    ],
  ]);
});

test('a value between two gaps is a point, however many epochs there are', async () => {
  const loss = Array.from({ length: 100 }, (_, i) => (i > 30 && i < 60 && i !== 45 ? NaN : 1 / (i + 1)));
  expect((await renderSvg(trainingChart({ loss }))).match(/transform="translate\(145\.6,/g)).toHaveLength(1);
});

test('a metric without a finite value keeps its panel and says so', async () => {
  const svg = await renderSvg(trainingChart({ loss: [NaN, NaN], acc: [0.5, 0.6] }));
  expect(svg).toContain('>training not finite in 2 of 2 epochs</text>');
  expect(svg).toContain('>loss</text>');
});

test('every peak of many epochs is drawn at its height', async () => {
  const loss = Array.from({ length: 20_000 }, (_, i) => (i === 12_345 ? 3 : i % 2));
  const [line] = await linesOf(trainingChart({ loss }));
  expect(line!.length).toBeLessThan(4 * 640 + 4);
  expect(Math.min(...line!.map(([, y]) => y))).toBe(0);
  expect(line!.find(([, y]) => y === 0)![0]).toBeCloseTo((320 * 12_345.5) / 20_000, 1);
});

test('one epoch is a point', async () => {
  expect((await renderSvg(trainingChart({ loss: [2] }))).match(/<path transform="translate\(160,110\)" d="M2\.7/g)).toHaveLength(1);
});

test('the history of fineTune is drawn with its metrics', () => {
  const history = [
    { epoch: 0, stage: 0, loss: 2, val_loss: 3 },
    { epoch: 1, stage: 1, loss: 1, val_loss: 2 },
  ];
  expect(trainingChart(history)).toEqual(trainingChart({ loss: [2, 1], val_loss: [3, 2] }));
});

test.each<[string, () => unknown]>([
  ['a history without epochs', () => trainingChart({ loss: [] })],
  ['an unknown metric', () => trainingChart(history, { metrics: ['auc'] })],
  ['a history without a finite value', () => trainingChart({ loss: [NaN, NaN], acc: [NaN, Infinity] })],
  ['a metric without a finite value', () => trainingChart({ loss: [NaN], acc: [0.5] }, { metrics: ['loss'] })],
])('%s is refused', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});
