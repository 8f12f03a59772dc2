// A B0 that learned the clothing photos from ImageNet weights, exported and opened by transformers in Python and by transformers.js.
// Skipped without ORACLE_B0_WEIGHTS, the path of a file with ImageNet weights of B0 in the names of any framework. Arrays that the file
// lacks start at random.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { env } from '@huggingface/transformers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageBatches } from '../../src/data/index.js';
import type { Preprocessing } from '../../src/image/index.js';
import { efficientNet, setClassNames } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { imageFolder } from '../../src/node/images/index.js';
import { trainingWorkers } from '../../src/node/runs/index.js';
import { exportTransformers, loadWeights } from '../../src/node/weights/index.js';
import { createRuntime } from '../../src/onnx/index.js';
import { adam, fineTune, warmupCosine } from '../../src/training/index.js';
import { noChromium } from '../support/chromium.js';
import { best, CLASS_NAMES, clothesPhotos, farthest, sizedPhotos } from '../support/transformersExport.js';
import { agreement, inPython, inTransformersJs, type Rows } from '../support/transformersOracle.js';
import { classifyInPage } from '../support/transformersPage.js';

const WEIGHTS = process.env['ORACLE_B0_WEIGHTS'];
/** What the image processor of transformers computes, so that `differences` is empty. */
const PREPROCESSING = { inputSize: 96, fit: 'stretch', interpolation: 'bicubic', resampler: 'pillow' } as const satisfies Preprocessing;
const BATCH = 16;
const ONNX = ['model', 'model_fp16', 'model_quantized'] as const;

let folder: string;
beforeAll(async () => {
  await selectBackend(['wasm'], { gradients: true });
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-'));
  env.allowRemoteModels = false;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Trains the last stage and the classifier for three epochs, then from block5a on for one. BatchNormalization is frozen. */
async function fineTunedB0(weights: string): Promise<LayersModel> {
  const photos = path.dirname(path.dirname(path.dirname(clothesPhotos(1)[0]!)));
  const train = await imageFolder(path.join(photos, 'train'), { preprocessing: PREPROCESSING, seed: 1 });
  const model = efficientNet('b0', { classes: CLASS_NAMES.length, inputSize: PREPROCESSING.inputSize, seed: 1 });
  setClassNames(model, CLASS_NAMES);
  const { missing } = await loadWeights(model, weights, { head: 'skip', strict: false });
  const workers = trainingWorkers();
  const steps = Math.ceil(train.files.length / BATCH);
  const rate = (maxLearningRate: number, epochs: number) => warmupCosine({ maxLearningRate, warmupSteps: 5, totalSteps: steps * epochs });
  const history = await fineTune(model, {
    train: imageBatches(train.images, { batchSize: BATCH }),
    stages: [
      { unfreeze: { from: 'block7a' }, epochs: 3, learningRate: rate(2e-3, 3) },
      { unfreeze: { from: 'block5a' }, epochs: 1, learningRate: rate(2e-4, 1) },
    ],
    optimizer: () => adam(),
    runtime: createRuntime,
    workers,
  });
  await workers.dispose();
  console.log(
    `${missing.length} arrays started at random`,
    history.map(({ loss, accuracy }) => ({ loss, accuracy })),
  );
  return model;
}

test.skipIf(WEIGHTS === undefined)('a B0 that learned the clothing photos answers the same everywhere', async () => {
  const model = await fineTunedB0(WEIGHTS!);
  const target = path.join(folder, 'clothes');
  const { differences } = await exportTransformers(model, target, { dtypes: ['float32', 'float16', 'int8'] });
  expect(differences).toEqual([]);

  const photos = clothesPhotos(Infinity);
  expect(photos).toHaveLength(341);
  const labels = photos.map((photo) => CLASS_NAMES.indexOf(path.basename(path.dirname(photo))));
  const sized = path.join(folder, 'photos');
  mkdirSync(sized);
  const pixels = await sizedPhotos(model, photos, sized, PREPROCESSING);
  model.dispose();
  const files = pixels.map(({ file }) => file);
  const expected: Rows = pixels.map(({ probabilities }) => probabilities);
  const [same, whole] = inPython([
    { folder: target, images: files, onnx: ONNX },
    { folder: target, images: photos, onnx: [] },
  ]);
  expect(same).toMatchObject({ class: 'EfficientNetForImageClassification', missing: [], unexpected: [], labels: CLASS_NAMES });

  const accuracy = (rows: Rows): number => rows.filter((row, i) => best(row) === labels[i]).length;
  const said: Record<string, string> = { 'effnet-ts': `${accuracy(expected)} of 341 correct` };
  const compare = (kind: string, rows: Rows): { distance: number; agreeing: number } => {
    const [distance, agreeing] = [farthest(rows, expected), agreement(rows, expected)];
    said[kind] = `${accuracy(rows)} correct, ${agreeing} same class, at most ${distance.toExponential(1)} apart`;
    return { distance, agreeing };
  };
  const page = noChromium === undefined ? (await classifyInPage(folder, sized, files)).scores : undefined;
  const exact: [string, Rows][] = [
    ['Python, AutoModel', same!.answers['torch']!],
    ['Python, pipeline', same!.answers['pipeline']!],
    ['ONNX Runtime in Python, model', same!.answers['model']!],
    ['transformers.js in Node', await inTransformersJs(target, files)],
  ];
  const results = exact.map(([kind, rows]) => ({ kind, ...compare(kind, rows) }));
  const half = compare('ONNX Runtime in Python, model_fp16', same!.answers['model_fp16']!);
  const quantized = compare('ONNX Runtime in Python, model_quantized', same!.answers['model_quantized']!);
  // Where there is a quantized file, transformers.js opens it on WebAssembly by default.
  const inPage =
    page &&
    compare(
      'transformers.js in Chromium, q8',
      page.map((row) => CLASS_NAMES.map((name) => row[name] ?? NaN)),
    );
  compare('transformers.js in Node, q8', await inTransformersJs(target, files, 'q8'));
  compare('from JPEG files, Python, pipeline', whole!.answers['pipeline']!);
  compare('from JPEG files, transformers.js in Node', await inTransformersJs(target, photos));
  console.log(said);

  expect(accuracy(expected)).toBeGreaterThan(200);
  for (const { kind, distance, agreeing } of results) {
    expect(agreeing, kind).toBe(341);
    expect(distance, kind).toBeLessThan(1e-4);
  }
  expect(half.distance).toBeLessThan(0.02);
  expect(half.agreeing).toBeGreaterThan(335);
  expect(quantized.agreeing).toBeGreaterThan(300);
  expect(inPage?.agreeing ?? 341).toBeGreaterThan(300);
});
