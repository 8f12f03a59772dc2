import { afterEach, describe, expect, test, vi } from 'vitest';
import sharp from 'sharp';
import { createRandom } from '../../src/core/index.js';
import { evaluatePredictions } from '../../src/evaluation/index.js';
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
  expect(await legends(plots.precisionRecallChart(ten, { classes: ['class <4>', 7] }))).toHaveLength(2);
});

test('phases follow one another, their boundary between the epochs', async () => {
  const svg = await plots.renderSvg(plots.trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history }], { metrics: ['loss'] }));
  expect(svg).toContain('>fine-tuning</text>');
  expect(svg).toContain('>loss</text>');
  expect(svg).not.toContain('>accuracy</text>');
});

test('the figures of epochs mean the same as the values of metrics', () => {
  const figures = [
    { epoch: 1, loss: 2, validationLoss: 2.5, accuracy: 0.25, validationAccuracy: 0.125 },
    { epoch: 2, loss: 1, validationLoss: 1.5, accuracy: 0.5, validationAccuracy: 0.375 },
    { epoch: 3, loss: 0.5, validationLoss: 1.25, accuracy: 0.75, validationAccuracy: 0.5 },
  ];
  expect(plots.trainingChart(figures)).toEqual(plots.trainingChart(history));
  expect(plots.trainingChart([{ name: 'training', history: figures }])).toEqual(plots.trainingChart(history));
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
  ['a class that is not there', () => plots.rocChart(ten, { classes: ['zebra'] })],
  ['zero steps', () => plots.scheduleChart(() => 1, 0)],
])('%s is refused in one sentence', (_, act) => {
  expect(act).toThrowErrorMatchingSnapshot();
});

test('what is no chart is refused', async () => {
  await expect(plots.renderSvg({} as never)).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: renderSvg: expected a Vega-Lite specification for \`chart\`, received {  }.]`);
  await expect(plots.renderSvg({ $schema: 'x', mark: 'bar', data: { values: [] }, transform: [{ calculate: '(((', as: 'a' }] } as never)).rejects.toThrow(/renderSvg: expected a specification Vega can draw/);
});
