import { afterEach, describe, expect, test, vi } from 'vitest';
import sharp from 'sharp';
import { createRandom } from '../../src/core/index.js';
import { evaluatePredictions, mostWrong } from '../../src/evaluation/index.js';
import { planModel } from '../../src/scaling/index.js';
import * as plots from '../../src/plots.js';

/** Predictions of a classifier that is mostly right. */
function evaluationOf(classes: number, samples = 4 * classes) {
  const random = createRandom(classes);
  const probabilities = Array.from({ length: samples }, (_, i) => {
    const row = Array.from({ length: classes }, (__, j) => Math.exp(random.normal() + (j === i % classes ? 3 : 0)));
    const sum = row.reduce((a, b) => a + b);
    return row.map((value) => value / sum);
  });
  const classNames = Array.from({ length: classes }, (_, i) => `class <${i}>`);
  return evaluatePredictions(probabilities, probabilities.map((_, i) => i % classes), { classNames });
}

const history = { loss: [2, 1, 0.5], val_loss: [2.5, 1.5, 1.25], acc: [0.25, 0.5, 0.75], val_acc: [0.125, 0.375, 0.5] };
const two = evaluationOf(2, 40);
const ten = evaluationOf(10);
const thousand = evaluationOf(1000, 2000);
const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const charts: [string, () => plots.ChartSpec][] = [
  ['training', () => plots.trainingChart(history)],
  ['training in phases', () => plots.trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history }])],
  ['schedule', () => plots.scheduleChart((step) => 0.1 * 0.97 ** step, 1000, { stepsPerEpoch: 100 })],
  ['plan', () => plots.planChart(planModel('b7'))],
  ['grid', () => plots.imageGrid([{ url: pixel, title: 'panda', correct: true }, { url: pixel, title: 'cat', correct: false }, { url: pixel, title: 'dog' }])],
  ...[two, ten, thousand].flatMap((evaluation): [string, () => plots.ChartSpec][] => {
    const size = `of ${evaluation.classNames.length} classes`;
    return [
      [`confusion ${size}`, () => plots.confusionChart(evaluation)],
      [`scores ${size}`, () => plots.classScoreChart(evaluation)],
      [`balance ${size}`, () => plots.classBalanceChart(evaluation.classNames, evaluation.perClass.map(({ support }) => support))],
      [`ROC ${size}`, () => plots.rocChart(evaluation)],
      [`precision-recall ${size}`, () => plots.precisionRecallChart(evaluation)],
      [`reliability ${size}`, () => plots.reliabilityChart(evaluation)],
    ];
  }),
];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each(charts)('the %s chart', (_, make) => {
  test('is plain data, drawn without a warning, below a megabyte, described in a sentence', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const spec = make();
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(spec.description).toMatch(/^[^\n]{20,}\.$/);
    const svg = await plots.renderSvg(spec);
    expect(svg).toMatch(/^<svg role="img" aria-label="[^"<]{20,}" /);
    expect(svg).not.toMatch(/ style=|<script|NaN|undefined/);
    expect(svg.length).toBeLessThan(1e6);
    expect(warn).not.toHaveBeenCalled();
  });
});

test('charts are drawn where code may not be made from strings', async () => {
  const refuse = function Function(): never {
    throw new EvalError('code generation from strings');
  };
  vi.stubGlobal('Function', refuse);
  await expect(plots.renderSvg(plots.confusionChart(two))).resolves.toContain('<svg');
});

test('the confusion chart prints exactly the counts that are not zero', async () => {
  const svg = await plots.renderSvg(plots.confusionChart(ten));
  const printed = [...svg.matchAll(/<text[^>]*>(\d+)<\/text>/g)].map(([, count]) => Number(count)).sort((a, b) => a - b);
  expect(printed).toEqual(ten.confusionMatrix.flatMap((row) => [...row]).filter((count) => count > 0).sort((a, b) => a - b));
  expect(svg).toContain('class &lt;3&gt;');
});

test('with a thousand classes it keeps to those with the most mistakes and says so', async () => {
  const svg = await plots.renderSvg(plots.confusionChart(thousand));
  expect(svg).toContain('The 40 of 1,000 classes with the most mistakes');
  expect(svg.match(/>class &lt;/g)).toHaveLength(80);
});

test('of two classes the curves are those of the second, of many those of the ten hardest', async () => {
  const legends = async (spec: plots.ChartSpec) => (await plots.renderSvg(spec)).match(/class &lt;\d+&gt; \([\d.]+\)<\/text>/g)!;
  expect(await legends(plots.rocChart(two))).toEqual([expect.stringContaining('class &lt;1&gt;')]);
  expect(await legends(plots.rocChart(thousand))).toHaveLength(10);
  expect(await legends(plots.precisionRecallChart(ten, { show: ['class <4>', 7] }))).toHaveLength(2);
});

test('phases follow one another, their boundary between the epochs', async () => {
  const svg = await plots.renderSvg(plots.trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history }], { metrics: ['loss'] }));
  expect(svg).toContain('>fine-tuning</text>');
  expect(svg).toContain('>loss</text>');
  expect(svg).not.toContain('>accuracy</text>');
});

test('the metrics of epochs mean the same as the values of metrics', () => {
  const figures = [
    { epoch: 0, loss: 2, val_loss: 2.5, accuracy: 0.25, val_accuracy: 0.125 },
    { epoch: 1, loss: 1, val_loss: 1.5, accuracy: 0.5, val_accuracy: 0.375 },
    { epoch: 2, loss: 0.5, val_loss: 1.25, accuracy: 0.75, val_accuracy: 0.5 },
  ];
  expect(plots.trainingChart(figures)).toEqual(plots.trainingChart(history));
  expect(plots.trainingChart([{ name: 'training', history: figures }])).toEqual(plots.trainingChart(history));
});

/** The lines of a chart: for each path of this color the points of each of its unbroken parts, in pixels. */
const linesOf = async (spec: plots.ChartSpec, color = '#3b7dd8'): Promise<[number, number][][]> =>
  [...(await plots.renderSvg(spec)).matchAll(/<path d="(M[^"A]*)" stroke="([^"]+)" stroke-width="2"/g)]
    .filter(([, , stroke]) => stroke === color)
    .flatMap(([, path]) => path!.split('M').filter(Boolean))
    .map((part) => part.replace('Z', '').split('L').map((point) => point.split(',').map(Number) as [number, number]));
const valuesOf = (spec: plots.ChartSpec): Record<string, number>[] => (spec as unknown as { data: { values: Record<string, number>[] } }).data.values;

test('an epoch that is not finite is a gap, between values as at the end', async () => {
  for (const broken of [NaN, Infinity, -Infinity, null as unknown as number]) {
    const spec = plots.trainingChart({ loss: [2, 1, broken, 0.8, 0.7, broken] });
    const lines = await linesOf(spec);
    expect(lines.map((line) => line.map(([x]) => Math.round(x)))).toEqual([[27, 80], [187, 240]]);
    expect(await plots.renderSvg(spec)).toContain('>training not finite in 2 of 6 epochs</text>');
    expect(spec.description).toBe('Metrics over 6 epochs: training loss ends without a finite value.');
  }
});

test('the metrics of epochs have gaps too, and an epoch without a measurement has none', async () => {
  const validated = Array.from({ length: 9 }, (_, i) => ({ epoch: i, loss: i === 4 ? NaN : 1 / (i + 1), ...(i % 3 === 2 ? { val_loss: 2 / (i + 1) } : {}) }));
  const spec = plots.trainingChart(validated);
  // As report.json holds it.
  expect(plots.trainingChart(JSON.parse(JSON.stringify(validated)) as typeof validated)).toEqual(spec);
  expect(await linesOf(spec)).toHaveLength(2);
  expect(await linesOf(spec, '#c8641b')).toEqual([[[expect.closeTo(88.9, 1), expect.anything()], [expect.closeTo(195.6, 1), expect.anything()], [expect.closeTo(302.2, 1), expect.anything()]]]);
});

test('a value between two gaps is a point, however many epochs there are', async () => {
  const loss = Array.from({ length: 100 }, (_, i) => (i > 30 && i < 60 && i !== 45 ? NaN : 1 / (i + 1)));
  expect((await plots.renderSvg(plots.trainingChart({ loss }))).match(/transform="translate\(145\.6,/g)).toHaveLength(1);
});

test('a metric without a finite value keeps its panel and says so', async () => {
  const svg = await plots.renderSvg(plots.trainingChart({ loss: [NaN, NaN], acc: [0.5, 0.6] }));
  expect(svg).toContain('>training not finite in 2 of 2 epochs</text>');
  expect(svg).toContain('>loss</text>');
});

test('of many epochs every peak is drawn at its height', async () => {
  const loss = Array.from({ length: 20_000 }, (_, i) => (i === 12_345 ? 3 : i % 2));
  const [line] = await linesOf(plots.trainingChart({ loss }));
  expect(line!.length).toBeLessThan(4 * 640 + 4);
  expect(Math.min(...line!.map(([, y]) => y))).toBe(0);
  expect(line!.find(([, y]) => y === 0)![0]).toBeCloseTo((320 * 12_345.5) / 20_000, 1);
});

test('one epoch and one step are points', async () => {
  expect((await plots.renderSvg(plots.trainingChart({ loss: [2] }))).match(/<path transform="translate\(160,110\)" d="M2\.7/g)).toHaveLength(1);
  expect((await plots.renderSvg(plots.scheduleChart(() => 0.01, 1))).match(/<path transform="translate\(230,0\)"/g)).toHaveLength(1);
});

test('a schedule that swings faster than pixels keeps its true height', () => {
  const swing = (step: number): number => 0.1 * (1 + Math.cos((2 * Math.PI * step) / 50));
  const spec = plots.scheduleChart(swing, 20_000);
  const values = valuesOf(spec);
  expect(spec.description).toMatch(/peaks at 0\.2,/);
  for (let part = 0; part < 400; part++) {
    const rates = values.filter(({ at }) => at! >= part * 50 && at! < (part + 1) * 50).map(({ rate }) => rate!);
    expect(Math.max(...rates)).toBeCloseTo(0.2, 12);
    expect(Math.min(...rates)).toBeCloseTo(0, 12);
  }
  for (const { at, rate } of values) expect(rate).toBe(swing(at!));
});

test('warm-ups, restarts and jumps of a schedule are drawn at their step', () => {
  const has = (spec: plots.ChartSpec, at: number, rate: number): boolean => valuesOf(spec).some((value) => value['at'] === at && value['rate'] === rate);
  const warm = plots.scheduleChart((step) => (step < 3 ? (0.1 * step) / 3 : 0.1 * (1 - (step - 3) / 1e5)), 100_000, { stepsPerEpoch: 1000 });
  expect(has(warm, 0, 0) && has(warm, 0.003, 0.1)).toBe(true);
  const restarts = plots.scheduleChart((step) => 0.1 * (1 - (step % 3001) / 3001), 20_000);
  for (let step = 0; step < 20_000; step += 3001) expect(has(restarts, step, 0.1)).toBe(true);
  const spike = plots.scheduleChart((step) => (step === 77_777 ? 1 : 0.1), 1_000_000);
  expect(has(spike, 77_777, 1)).toBe(true);
});

// Six scores with a tie, as scikit-learn 1.9.1 draws them: PrecisionRecallDisplay (drawstyle 'steps-post') and RocCurveDisplay (straight lines).
const eight = evaluatePredictions([0.1, 0.4, 0.35, 0.8, 0.7, 0.7, 0.9, 0.6], [0, 1, 0, 1, 1, 0, 1, 0]);
const corners = (line: readonly [number, number][]): [number, number][] =>
  line.map(([x, y]): [number, number] => [Number((x / 300).toFixed(4)), Number((1 - y / 300).toFixed(4))])
    .filter(([x, y], i, all) => i === 0 || x !== all[i - 1]![0] || y !== all[i - 1]![1]);

test("precision against recall has the steps of scikit-learn's display, and their area is the average precision", async () => {
  const [line] = await linesOf(plots.precisionRecallChart(eight));
  const points = corners(line!);
  expect(points).toEqual([[1, 0.5], [1, 0.5714], [1, 0.6667], [0.75, 0.6667], [0.75, 0.6], [0.75, 0.75], [0.5, 0.75], [0.5, 1], [0.25, 1], [0, 1]]);
  const area = points.slice(1).reduce((sum, [x, y], i) => sum + (points[i]![0] - x) * (points[i]![1] + y) / 2, 0);
  expect(area).toBeCloseTo(0.8541667, 4);
});

test("the ROC curve has the straight lines of scikit-learn's display", async () => {
  const [line] = await linesOf(plots.rocChart(eight));
  expect(corners(line!)).toEqual([[0, 0], [0, 0.25], [0, 0.5], [0.25, 0.75], [0.5, 0.75], [0.5, 1], [0.75, 1], [1, 1]]);
});

test('of hundreds of classes the whole confusion matrix can be drawn, its empty cells left out', async () => {
  const spec = plots.confusionChart(thousand, { maxClasses: 400, normalize: false });
  const counts = valuesOf(spec).map(({ count }) => count);
  expect(counts.every((count) => count! > 0)).toBe(true);
  const svg = await plots.renderSvg(spec);
  expect(svg.match(/>class &lt;/g)).toHaveLength(800);
  expect(() => plots.confusionChart(thousand, { maxClasses: 1000 })).not.toThrow();
});

test('a PNG too large for sharp is refused with the size', async () => {
  await expect(plots.renderPng(plots.scheduleChart(() => 1, 2), { scale: 400 })).rejects.toThrow(/^renderPng: expected a chart that sharp can draw, received one of \d+ x \d+ units at `scale` 400: /);
});

test('the themes differ in ink and ground, the page\'s has the page\'s', async () => {
  const spec = plots.planChart(planModel('b0'));
  expect(await plots.renderSvg(spec, { theme: 'light' })).toContain('fill="#ffffff"');
  expect(await plots.renderSvg(spec, { theme: 'dark' })).toContain('fill="#15181d"');
  expect(await plots.renderSvg(spec, { theme: 'page' })).toContain('fill="currentColor"');
});

test('a PNG has the size asked for and is not blank', async () => {
  const spec = plots.reliabilityChart(ten);
  const [one, two] = await Promise.all([1, 2].map(async (scale) => sharp(await plots.renderPng(spec, { scale })).metadata()));
  expect(two!.width / one!.width).toBeCloseTo(2, 1);
  const { channels } = await sharp(await plots.renderPng(spec)).stats();
  expect(channels[0]!.stdev).toBeGreaterThan(10);
});

test.each<[string, () => unknown]>([
  ['an unknown option', () => plots.confusionChart(ten, { size: 3 } as never)],
  ['a history without epochs', () => plots.trainingChart({ loss: [] })],
  ['a metric that is not there', () => plots.trainingChart(history, { metrics: ['auc'] })],
  ['counts that do not fit the names', () => plots.classBalanceChart(['a', 'b'], [1])],
  ['no pictures', () => plots.imageGrid([])],
  ['a plan of open size', () => plots.planChart(planModel('b0', { inputSize: null }))],
  ['a class that is not there', () => plots.rocChart(ten, { show: ['zebra'] })],
  ['a class without samples', () => plots.precisionRecallChart(evaluatePredictions([[0.9, 0.1]], [0]), { show: [1] })],
  ['an image with an unknown key', () => plots.imageGrid([{ url: pixel, title: 'cat', right: true } as never])],
  ['a report of a history without epochs', () => plots.reportData({ title: 'Pets', evaluation: two, history: [] })],
  ['a report with a gallery that loads images', () => plots.reportData({ title: 'Pets', evaluation: two, gallery: [{ row: mostWrong(ten, 1)[0]!, url: 'https://example.com/cat.jpg' }] })],
  ['zero steps', () => plots.scheduleChart(() => 1, 0)],
  ['a schedule that is not finite', () => plots.scheduleChart((step) => 1 / (3 - step), 5)],
  ['a history without a finite value', () => plots.trainingChart({ loss: [NaN, NaN], acc: [NaN, Infinity] })],
  ['a metric without a finite value', () => plots.trainingChart({ loss: [NaN], acc: [0.5] }, { metrics: ['loss'] })],
])('%s is refused in one sentence', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});

test('a schedule that is not finite is refused under the name of the report', async () => {
  const contents = { title: 'Pets', evaluation: two, schedule: { rate: (step: number) => 1 / (1 - step), steps: 3 } };
  await expect(plots.reportPage(contents)).rejects.toThrow('reportPage: expected a schedule of finite rates, received Infinity at step 1.');
});

test('what is no chart is refused', async () => {
  await expect(plots.renderSvg({})).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: renderSvg: expected a Vega-Lite specification for \`chart\`, received {  }.]`);
  await expect(plots.renderSvg({ $schema: 'x', mark: 'bar', data: { values: [] }, transform: [{ calculate: '(((', as: 'a' }] })).rejects.toThrow(/renderSvg: expected a specification Vega can draw/);
});

test('the history of fineTune is drawn with its metrics', () => {
  const history = [{ epoch: 0, stage: 0, loss: 2, val_loss: 3 }, { epoch: 1, stage: 1, loss: 1, val_loss: 2 }];
  expect(plots.trainingChart(history)).toEqual(plots.trainingChart({ loss: [2, 1], val_loss: [3, 2] }));
});
