import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluatePredictions, mostWrong } from '../../../src/index.js';
import { trackMemory } from '../../../src/backends/index.js';
import { writeReport } from '../../../src/node.js';
import { compareCams, encodePng, imageDataUrl, renderSvg } from '../../../src/plots.js';
import type { ReportData } from '../../../src/plots.js';
import sharp from 'sharp';
import { evaluationOf, fullReport, picture } from '../../support/report.js';
import { startWasm } from '../../support/wasm.js';

let folder: string;
beforeAll(async () => {
  await startWasm();
  folder = await mkdtemp(path.join(tmpdir(), 'report-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the page and the data beside it tell the same, and no tensor stays', async () => {
  const options = fullReport();
  const { value: files, kept } = await trackMemory(() => writeReport(path.join(folder, 'a', 'b'), options));
  expect(kept.tensors).toBe(0);
  const data = JSON.parse(await readFile(files.json, 'utf8')) as ReportData;
  const page = await readFile(files.html, 'utf8');
  const { evaluation } = options;
  expect(data.metrics['accuracy']).toBe(evaluation.accuracy);
  expect(data.perClass.map(({ f1 }) => f1)).toEqual(evaluation.perClass.map(({ f1 }) => f1));
  expect(data.confusions.reduce((sum, { count }) => sum + count, 0)).toBe(
    evaluation.count - Math.round(evaluation.accuracy * evaluation.count),
  );
  expect(data.mistakes[0]!.probability).toBe(Math.max(...data.mistakes.map(({ probability }) => probability)));
  expect(data.model?.total.parameters).toBe(options.model?.countParams());
  expect(page).toContain(`${(100 * evaluation.accuracy).toFixed(1)} %`);
  // Each of the 12 mistakes has its image and the heat maps of both classes. The others are listed by name.
  expect(page.match(/<img /g)).toHaveLength(3 * 12);
  expect(data.mistakes).toHaveLength(evaluation.count - Math.round(evaluation.accuracy * evaluation.count));
  expect(page.match(/ id="mistake-\d+-\d+"/g)).toHaveLength(data.mistakes.length);
  for (const { labelIndex, predictedIndex } of data.mistakes) {
    const id = `pair-${labelIndex}-${predictedIndex}`;
    expect(page.split(`href="#${id}"`)).toHaveLength(2);
    expect(page.split(`id="${id}"`)).toHaveLength(2);
  }
  expect(data.advice).toHaveLength(3);
  expect(page).toContain('near &lt;duplicates&gt;');
  for (const { f1 } of evaluation.perClass) expect(page).toContain(`data-value="${f1}"`);
  expect(await readdir(path.join(folder, 'a', 'b'))).toEqual(['report.html', 'report.json']);
});

test.each([
  ['two classes', evaluatePredictions([0.9, 0.2, 0.6, 0.4], [1, 0, 0, 1], { classNames: ['no', 'yes'] })],
  ['one class in the data', evaluatePredictions([0.9, 0.2], [1, 1], { classNames: ['no', 'yes'] })],
  [
    'no mistake',
    evaluatePredictions(
      [
        [0.9, 0.1],
        [0.2, 0.8],
      ],
      [0, 1],
    ),
  ],
  [
    '300 classes',
    evaluatePredictions(
      Array.from({ length: 300 }, (_, i) => Array.from({ length: 300 }, (__, j) => (j === (i * 7) % 300 ? 0.701 : 0.001))),
      Array.from({ length: 300 }, (_, i) => i),
    ),
  ],
])('%s: there is a report, too', async (_, evaluation) => {
  const { html, json } = await writeReport(folder, { evaluation });
  expect(await readFile(html, 'utf8')).not.toMatch(/NaN<|undefined|Infinity/);
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ samples: evaluation.count });
});

describe('several labels a sample', () => {
  // Of three images, mass is found, missed and claimed once each; hernia is there once, and found; nodule is nowhere, and claimed once.
  const evaluation = evaluatePredictions(
    [
      [0.9, 0.8, 0.1],
      [0.2, 0.3, 0.6],
      [0.7, 0.1, 0.3],
    ],
    [
      [1, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
    ],
    { multiLabel: true, classNames: ['mass', 'hernia', 'nodule'], threshold: [0.5, 0.6, 0.5], files: ['a.png', 'b.png', 'c.png'] },
  );

  test('every label has its scores, its threshold and its four counts, in the page as in the data', async () => {
    const { html, json } = await writeReport(folder, { evaluation, imageOf: ({ index }) => picture(index) });
    const data = JSON.parse(await readFile(json, 'utf8')) as ReportData;
    const page = await readFile(html, 'utf8');
    expect(data).toMatchObject({ multiLabel: true, samples: 3, classes: 3, accuracyInterval: null, confusions: [], reliability: [] });
    expect(data.metrics['subset accuracy']).toBe(1 / 3);
    expect(data.metrics['Hamming loss']).toBeCloseTo(3 / 9, 6);
    expect(data.perClass.map(({ name, precision, recall, f1, decisions }) => ({ name, precision, recall, f1, ...decisions }))).toEqual([
      {
        name: 'mass',
        precision: 0.5,
        recall: 0.5,
        f1: 0.5,
        threshold: 0.5,
        bestThreshold: expect.closeTo(0.2, 6) as number,
        truePositives: 1,
        falsePositives: 1,
        falseNegatives: 1,
        trueNegatives: 0,
      },
      {
        name: 'hernia',
        precision: 1,
        recall: 1,
        f1: 1,
        threshold: 0.6,
        bestThreshold: expect.closeTo(0.8, 6) as number,
        truePositives: 1,
        falsePositives: 0,
        falseNegatives: 0,
        trueNegatives: 2,
      },
      {
        name: 'nodule',
        precision: 0,
        recall: 0,
        f1: 0,
        threshold: 0.5,
        bestThreshold: null,
        truePositives: 0,
        falsePositives: 1,
        falseNegatives: 0,
        trueNegatives: 2,
      },
    ]);
    expect(data.mistakes.map(({ file, label, predicted, probability }) => [file, label, predicted, probability])).toEqual([
      ['b.png', 'mass', 'no mass', 0.8],
      ['c.png', 'no mass', 'mass', 0.7],
      ['b.png', 'no nodule', 'nodule', 0.6],
    ]);
    expect(page).toMatch(
      /<th scope="row">nodule<\/th><td data-value="0">0<\/td><td data-value="0">0<\/td><td data-value="1">1<\/td><td data-value="2">2<\/td>/,
    );
    expect(page).toContain('any number per sample');
    expect(page.match(/<img /g)).toHaveLength(3);
    expect(page).toContain('Chart: ROC');
    expect(page).not.toMatch(/NaN<|undefined|Infinity|Calibration/);
  });

  test('two labels have a curve each, for neither is the rest of the other', async () => {
    const two = evaluatePredictions(
      [
        [0.9, 0.8],
        [0.2, 0.3],
        [0.7, 0.1],
      ],
      [
        [1, 1],
        [1, 0],
        [0, 0],
      ],
      { multiLabel: true, classNames: ['mass', 'hernia'] },
    );
    const { html } = await writeReport(folder, { evaluation: two });
    const page = await readFile(html, 'utf8');
    expect(page).toContain('mass (0.500)');
    expect(page).toContain('hernia (1.000)');
    expect(mostWrong(two, 1)[0]).toMatchObject({ label: 'mass', predicted: 'no mass', labelIndex: 0, predictedIndex: 0, file: '' });
  });

  test('it is not compared with an earlier one', async () => {
    await expect(writeReport(folder, { evaluation, before: evaluationOf(2) })).rejects.toThrow(
      /^writeReport: expected no value with a multi-label evaluation for `before`/,
    );
    await expect(writeReport(folder, { evaluation: evaluationOf(2), before: evaluation as never })).rejects.toThrow(
      /^writeReport: expected an evaluation with one class per sample for `before`/,
    );
  });
});

test.each([
  // 21 samples changed sides: 13 to 8 is p = 0.383 of scikit-learn's and SciPy's exact test, 20 to 4 is p = 0.002.
  [13, 8, '<span>+5.0 points</span>', 'p = 0.383, not significant at the 5 % level'],
  [20, 4, '<span class="right">+16.0 points</span>', 'p = 0.002, significant at the 5 % level'],
  [4, 20, '<span class="wrong">−16.0 points</span>', 'p = 0.002, significant at the 5 % level'],
  [0, 0, '<span>+0.0 points</span>', 'p = 1.000, not significant at the 5 % level'],
])('%i newly right and %i newly wrong of 100: only a significant gain or loss has a color', async (fixed, broken, gain, verdict) => {
  const sure = (right: (i: number) => boolean) =>
    evaluatePredictions(
      Array.from({ length: 100 }, (_, i) => (right(i) ? [0.9, 0.1] : [0.1, 0.9])),
      new Int32Array(100),
    );
  const before = sure((i) => i >= fixed);
  const after = sure((i) => i < 100 - broken);
  const page = await readFile((await writeReport(folder, { evaluation: after, before })).html, 'utf8');
  expect(page).toContain(`Accuracy ${gain}:`);
  expect(page).toContain(verdict);
});

test('a run that diverged is reported in words, not refused', async () => {
  const history = [
    { epoch: 1, loss: NaN },
    { epoch: 2, loss: Infinity },
  ];
  const { html, json } = await writeReport(folder, { evaluation: evaluationOf(2), history });
  expect(await readFile(html, 'utf8')).toContain('The training diverged: no epoch has a finite value.');
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
    history: [
      {
        history: [
          { epoch: 1, loss: null },
          { epoch: 2, loss: null },
        ],
      },
    ],
  });
});

test('a failed report leaves the last one as it was', async () => {
  const evaluation = evaluationOf(2);
  const { html } = await writeReport(folder, { evaluation, title: 'first' });
  const before = await readFile(html, 'utf8');
  const broken = (): never => {
    throw new Error('no such picture');
  };
  await expect(writeReport(folder, { evaluation, title: 'second', imageOf: broken })).rejects.toThrow('no such picture');
  expect(await readFile(html, 'utf8')).toBe(before);
  expect((await readdir(folder)).filter((name) => name.includes('tmp'))).toEqual([]);
});

test('an image that cannot be loaded is named, and no empty folder is left', async () => {
  const files = ['a.jpg'];
  const evaluation = evaluatePredictions([[0.9, 0.1]], [1], { files });
  const report = path.join(await mkdtemp(path.join(tmpdir(), 'report-')), 'new', 'report');
  const failing = (imageOf: () => never) => writeReport(report, { evaluation, imageOf });
  await expect(
    failing(() => {
      throw new Error('no disk');
    }),
  ).rejects.toThrow("writeReport: `imageOf` cannot load 'a.jpg': no disk.");
  await expect(failing(() => undefined as never)).rejects.toThrow("from `imageOf` for 'a.jpg', received undefined.");
  expect(await readdir(path.dirname(path.dirname(report)))).toEqual([]);
});

test('bad input is refused in one sentence', async () => {
  const evaluation = evaluationOf(2);
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  await expect(writeReport(folder, {} as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: writeReport: expected an evaluation for \`evaluation\`, received undefined.]`,
  );
  await expect(writeReport(folder, { evaluation, color: 'red' } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: writeReport: expected one of the options \`title\`, \`evaluation\`, \`before\`, \`history\`, \`schedule\`, \`settings\`, \`model\`, \`imageOf\`, \`maxImages\`, \`heatMaps\`, \`batchSize\`, \`preprocessing\`, \`findings\`, \`unknownConfidences\`, \`unknownThreshold\`, \`onProgress\`, \`signal\`, received \`color\`.]`,
  );
  await expect(writeReport('', { evaluation })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: writeReport: expected a non-empty string for \`folder\`, received ''.]`,
  );
  await expect(writeReport(file, { evaluation })).rejects.toThrow(
    /^writeReport: expected a folder that can be written, received '.*file': /,
  );
  const never = (): never => {
    throw new Error('an image was asked for');
  };
  await expect(writeReport(file, { evaluation, imageOf: never })).rejects.toThrow(/^writeReport: expected a folder that can be written/);
  await expect(writeReport(folder, { evaluation, imageOf: never, before: evaluatePredictions([[1, 0]], [0]) })).rejects.toThrow(
    /^writeReport: expected evaluations of the same samples/,
  );
  await expect(writeReport(folder, { evaluation, heatMaps: true })).rejects.toThrow(
    /^writeReport: expected nothing without `model` for `heatMaps`/,
  );
  await expect(writeReport(folder, { evaluation, imageOf: () => ({}) as never })).rejects.toThrow(
    /^writeReport: expected an image \{ width/,
  );
});

test('a model with other classes than the evaluation is refused before anything is written', async () => {
  const { model } = fullReport();
  const other = path.join(folder, 'other');
  const evaluation = evaluatePredictions([[0.9, 0.1]], [0], { classNames: ['cat', 'dog'] });
  await expect(writeReport(other, { evaluation, model })).rejects.toThrow(
    /^writeReport: expected a model with the 2 classes of the evaluation for `model`, received one with \d+ outputs\./,
  );
  expect((await readdir(folder)).includes('other')).toBe(false);
});

test('the settings say how images become the input, and heat maps of an unknown one are refused before anything is written', async () => {
  const { model, ...rest } = fullReport();
  const data = JSON.parse(await readFile((await writeReport(folder, { ...rest, model: model! })).json, 'utf8')) as ReportData;
  expect(data.settings['preprocessing']).toMatch(/^center crop of [\d.]+ of the shorter side, then resize to \d+ x \d+ \(bicubic\)$/);
  const stated = JSON.parse(
    await readFile((await writeReport(folder, { ...rest, settings: { preprocessing: 'my own' } })).json, 'utf8'),
  ) as ReportData;
  expect(stated.settings['preprocessing']).toBe('my own');
  const foreign = tfl.model({ inputs: model!.inputs, outputs: model!.outputs });
  const untouched = path.join(folder, 'foreign');
  await expect(writeReport(untouched, { ...rest, model: foreign })).rejects.toThrow(
    /^writeReport: expected `preprocessing` for heat maps of a model that does not say how images become its input, received none\. Pass it,/,
  );
  expect((await readdir(folder)).includes('foreign')).toBe(false);
  await writeReport(untouched, { ...rest, model: foreign, preprocessing: model! });
});

test("a PNG keeps every pixel, a data URL the image's size", async () => {
  const image = picture(3);
  const { data, info } = await sharp(await encodePng(image))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([image.width, image.height]);
  expect(new Uint8Array(data)).toEqual(image.data);
  const url = await imageDataUrl(image);
  const { width, height } = await sharp(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')).metadata();
  expect([width, height]).toEqual([image.width, image.height]);
});

test('several models are shown side by side on one photo', async () => {
  const { model } = fullReport();
  const spec = await compareCams(
    picture(1),
    [
      { name: 'small', model: model! },
      { name: 'same', model: model! },
    ],
    { target: 'hat' },
  );
  const svg = await renderSvg(spec);
  expect(svg.match(/<image /g)).toHaveLength(3);
  expect(svg).toMatch(/>small</);
  expect(svg).toMatch(/>hat [\d.]+ %</);
  await expect(compareCams(picture(1), [])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: compareCams: expected at least one model, received none.]`,
  );
  await expect(compareCams(picture(1), [{ name: 'a', model: model! }], { layers: 3 } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: compareCams: expected one of the options \`layer\`, \`target\`, \`method\`, \`smooth\`, \`seed\`, \`preprocessing\`, \`opacity\`, \`columns\`, \`size\`, received \`layers\`. Did you mean \`layer\`?]`,
  );
});

test('a schedule becomes a chart of its own', async () => {
  const evaluation = evaluationOf(2);
  const plain = await readFile((await writeReport(folder, { evaluation })).html, 'utf8');
  const { html } = await writeReport(folder, { evaluation, schedule: { rate: (step) => 0.02 * 0.97 ** step, steps: 100 } });
  expect(plain).not.toContain('Chart: learning rate');
  expect(await readFile(html, 'utf8')).toContain('Chart: learning rate');
});
