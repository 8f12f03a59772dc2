// Runs the snippets of the README and the guides in a folder with the files they name: a few small images, and a narrow network instead of
// a trained one. Numbers in comments are not compared. A snippet that is not run is preceded by a comment with the reason.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as effnet from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { ENTRIES, moduleOf, pages, ROOT, snippetsOf, type Snippet } from './snippets.js';

const REASONS = [
  'downloads weights',
  'runs in a browser',
  'run by .ci/trials/firstHour',
  'run by test/package',
  'needs files of your own',
  'needs a trained network',
  'trains for minutes',
];
const snippets = pages.flatMap(snippetsOf);
const modules = path.join(ROOT, 'runs', `snippets-${process.pid}`);
const CLASSES = ['hat', 'shirt'];
let folder: string;

beforeAll(async () => {
  await effnet.selectBackend(['wasm'], { gradients: true });
  folder = mkdtempSync(path.join(tmpdir(), 'snippets-'));
  mkdirSync(modules, { recursive: true });
  process.chdir(folder);
  const data = path.join(ROOT, 'examples', 'data');
  const rows = ['image,findings,file,label,patient'];
  for (const name of CLASSES) {
    const pictures = readdirSync(path.join(data, 'clothing', 'train', name))
      .sort()
      .slice(0, 6);
    for (const [i, file] of pictures.entries()) {
      for (const place of ['photos', 'clothing/validation'])
        cpSync(path.join(data, 'clothing', 'train', name, file), path.join(place, name, `${i}.jpg`));
      rows.push(`photos/${name}/${i}.jpg,${i === 0 ? CLASSES.join('|') : name},photos/${name}/${i}.jpg,${name},${name}${i}`);
    }
  }
  for (const table of ['findings.csv', 'table.csv']) writeFileSync(table, rows.join('\n'));
  for (const picture of ['panda.jpg', 'photo.jpg', 'new.jpg']) cpSync(path.join(data, 'photos', 'panda.jpg'), picture);
  cpSync(path.join(data, 'weights', 'efficientnet-lite0.safetensors'), 'efficientnet-lite0.safetensors');
  cpSync(path.join(ROOT, 'test', 'fixtures', 'data', 'flowers.tfrecord'), 'flowers.tfrecord');
  const record = {
    label: 388,
    width: 64,
    height: 64,
    channels: 3,
    colorspace: 'RGB',
    format: 'JPEG',
    filename: 'panda.jpg',
    text: '',
    synset: '',
    boxXMin: [],
    boxXMax: [],
    boxYMin: [],
    boxYMax: [],
  };
  await effnet.writeTFRecords(
    effnet.Dataset.from([{ ...record, image: await readFile('panda.jpg') }]),
    effnet.RECORD_SCHEMAS.imagenet,
    'imagenet/train',
  );
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  vi.spyOn(console, 'table').mockImplementation(() => undefined);
});

afterAll(() => {
  process.chdir(ROOT);
  for (const each of [folder, modules]) rmSync(each, { recursive: true, force: true });
});

/** B0 or Lite0 with a tenth of the filters, ready to train: for small images, or for any size if the snippet reads its own. */
function network({ code } = { code: '' }): ReturnType<typeof effnet.efficientNet> {
  const spec = code.includes('int8') ? effnet.VARIANTS.lite0 : effnet.VARIANTS.b0;
  const classes = code.includes('IMAGENET_CLASS_NAMES') ? 1000 : CLASSES.length;
  const model = effnet.efficientNet(
    { ...spec, widthCoefficient: 0.1 },
    { classes, inputSize: /inputSize|images|gradCam/.test(code) ? null : 64, seed: 1 },
  );
  // As if it had learned from the images of `data`.
  if (model.inputs[0]?.shape[1] === 64) effnet.setPreprocessing(model, { inputSize: 64, fit: 'stretch' });
  if (classes === CLASSES.length) effnet.setClassNames(model, CLASSES);
  // As if it had learned from the images of `data`.
  effnet.setPreprocessing(model, { inputSize: 64, fit: 'stretch' });
  model.compile({ optimizer: effnet.adam(), loss: effnet.softmaxCrossEntropy(), metrics: [effnet.accuracy()] });
  return model;
}

const photos = async (): Promise<readonly effnet.LabeledFile[]> => (await effnet.imageFolder('photos')).files;
const data = async (): Promise<effnet.Dataset<effnet.ImageBatch>> =>
  effnet.imageBatches(effnet.imageFiles(await photos(), { inputSize: 64, classes: CLASSES.length }).take(8), { batchSize: 4 });
const evaluated = (skill: number): effnet.Evaluation =>
  effnet.evaluatePredictions(
    [
      [skill, 1 - skill],
      [1 - skill, skill],
      [0.4, 0.6],
    ],
    [0, 1, 0],
    { classNames: CLASSES, files: ['hat/0.jpg', 'shirt/0.jpg', 'hat/1.jpg'] },
  );

/** The values that a reader has at that point, created for each snippet. */
const GIVEN: Readonly<Record<string, (snippet: Snippet) => unknown>> = {
  model: network,
  mine: network,
  backbone: network,
  train: data,
  validation: data,
  validationData: data,
  batches: data,
  held: data,
  classNames: () => CLASSES,
  photo: () => effnet.decodeImage('panda.jpg'),
  picture: () => effnet.decodeImage('panda.jpg'),
  pictures: () => effnet.Dataset.from(['panda.jpg', 'new.jpg']).map((file) => effnet.decodeImage(file)),
  images: () => tf.zeros([1, 224, 224, 3]),
  files: photos,
  png: () => effnet.encodeImage({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) }),
  evaluation: () => evaluated(0.9),
  before: () => evaluated(0.3),
  after: () => evaluated(0.8),
  history: () => [
    { epoch: 0, stage: 0, loss: 1, accuracy: 0.5, learningRate: 0.001 },
    { epoch: 1, stage: 0, loss: 0.5, accuracy: 0.7, learningRate: 0.0005 },
  ],
  runtime: (snippet) => createRuntime(network(snippet)),
  readFile: () => readFile,
  writeFile: () => writeFile,
  join:
    () =>
    (...parts: string[]) =>
      path.join(...parts),
  path: () => path,
};

test('what is not run says why', () => {
  expect(
    snippets
      .filter(({ notRun }) => notRun !== undefined && !REASONS.includes(notRun))
      .map(({ place, notRun }) => `${place}: ${notRun ?? ''}`),
  ).toEqual([]);
  expect(snippets.filter(({ notRun }) => notRun === undefined).length).toBeGreaterThan(30);
});

test.each(snippets.filter(({ notRun }) => notRun === undefined))(
  '$place runs',
  async (snippet) => {
    const source = moduleOf(snippet, (name) => `const ${name} = await globalThis.give('${name}');`);
    let { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
    for (const entry of [...ENTRIES, 'effnet-ts'])
      outputText = outputText.replaceAll(`'${entry}'`, `'${path.join(ROOT, 'src', `${entry.split('/')[1] ?? 'index'}.ts`)}'`);
    const file = path.join(modules, `${snippet.place.replaceAll(/\W/g, '-')}.mjs`);
    writeFileSync(file, outputText);
    vi.stubGlobal('give', (name: string): unknown => GIVEN[name]?.(snippet));
    await effnet.saveModel(network(), 'models/mine');
    tf.engine().startScope();
    try {
      await import(file);
    } finally {
      tf.engine().endScope();
    }
  },
  60_000,
);
