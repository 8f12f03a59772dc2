// What is measured is what is answered: for every validation photo `classify` gives the prediction and the probabilities of `evaluate`, for
// each way to bring a photo to the input size, for B0 and Lite0, after saving and loading, on ONNX Runtime, and in Python from the exported
// file's metadata.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageBatches } from '../../src/data/index.js';
import {
  classify,
  classifyMany,
  evaluate,
  type Classification,
  type ClassifyManyOptions,
  type Predictor,
} from '../../src/evaluation/predict/index.js';
import { describePreprocessing } from '../../src/image/internal.js';
import { preprocessingOf, type Pixels, type Preprocessing } from '../../src/image/index.js';
import { efficientNet } from '../../src/models/index.js';
import { decodeImage, imageFolder } from '../../src/node/images/index.js';
import { loadModel, loadWeights, saveModel } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { trainHead } from '../../src/training/index.js';
import { fillModel } from '../support/fillModel.js';

const data = (name: string): string => fileURLToPath(new URL(`../../examples/data/${name}`, import.meta.url));
const SIZES = { lite0: 128, b0: 64 } as const;
const recordsOf = (inputSize: number): readonly Preprocessing[] => [
  { inputSize, fit: 'stretch' },
  { inputSize, fit: 'crop', cropFraction: 0.875, margins: 'ceil', interpolation: 'bicubic' },
  { inputSize, fit: 'pad', fillValue: 114, antialias: true },
];
const NETWORKS = {
  lite0: async () => {
    const model = efficientNet('lite0', { inputSize: SIZES.lite0 });
    await loadWeights(model, data('weights/efficientnet-lite0.safetensors'));
    return model;
  },
  // Its published weights are not at hand: what is compared needs none.
  b0: () => {
    const model = efficientNet('b0', { inputSize: SIZES.b0 });
    fillModel(model, 2);
    return Promise.resolve(model);
  },
} as const;

let folder: string;

beforeAll(async () => {
  await selectBackend(['wasm']);
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const cases = (['lite0', 'b0'] as const).flatMap((network) => recordsOf(SIZES[network]).map((record) => [network, record] as const));

test.each(cases)('%s, %j', async (network, record) => {
  const [train, validation] = await Promise.all(
    ['train', 'validation'].map((part) =>
      imageFolder(data(`clothing/${part}`), { preprocessing: record, shuffle: part === 'train', seed: 1 }),
    ),
  );
  const { model } = await trainHead(await NETWORKS[network](), {
    classNames: train!.classNames,
    train: imageBatches(train!.images),
    validation: imageBatches(validation!.images),
    epochs: 10,
    seed: 1,
    runtime: (features) => createRuntime(features),
  });
  // Training stores it.
  expect(preprocessingOf(model)).toEqual(validation!.images.preprocessing);
  const files = validation!.files.map((file) => file.path);

  const measured = await evaluate(model, validation!.images);
  const { probabilities, predicted } = measured.predictions;
  const place = path.join(folder, 'model');
  await saveModel(model, place);
  const loaded = await loadModel(place);
  const bytes = await exportOnnx(loaded);
  const file = path.join(folder, 'model.onnx');
  writeFileSync(file, bytes);
  const runtime = await createRuntime(bytes);

  const inPython = python(file, files);
  const answers: Record<string, Answers> = {
    classify: { rows: await classifyEach(model, files), within: 1e-5 },
    classifyMany: { rows: await classifyAll(model, files), within: 1e-5 },
    'saved and loaded': { rows: await classifyAll(loaded, files), within: 1e-5 },
    'ONNX Runtime': { rows: await classifyAll(runtime, files), within: 1e-5 },
    'Python, resized by NumPy': { rows: inPython.own, within: 1e-4 },
    // Pillow computes its kernel in float64 and rounds nothing where channels are floats. Bytes would be rounded to whole levels after each
    // of two passes.
    ...(inPython.floats === undefined ? {} : { 'Python, resized by Pillow': { rows: inPython.floats, within: 2e-3 } }),
  };
  console.log(`${network}, ${describePreprocessing(record)}: ${measured.count} photos, accuracy ${measured.accuracy.toFixed(4)}`);
  const classes = train!.classNames.length;
  for (const [name, { rows, within }] of Object.entries(answers)) {
    expect(rows.length).toBe(measured.count);
    const others = rows.filter((row, i) => row.indexOf(Math.max(...row)) !== predicted[i]).length;
    const distance = rows.reduce(
      (most, row, i) => row.reduce((worst, value, k) => Math.max(worst, Math.abs(value - probabilities[i * classes + k]!)), most),
      0,
    );
    console.log(`  ${name}: ${others} of ${rows.length} get another class, probabilities at most ${distance.toExponential(1)} apart`);
    expect(others).toBe(0);
    expect(distance).toBeLessThan(within);
  }
  // How much the comparison could find.
  const cropped = await classifyAll(model, files, { preprocessing: { inputSize: SIZES[network], fit: 'crop', cropFraction: 0.6 } });
  const changed = cropped.filter((row, i) => row.indexOf(Math.max(...row)) !== predicted[i]).length;
  console.log(`  ${changed} would get another class if the photos were cropped to 0.6 of the shorter side`);
  expect(changed).toBeGreaterThan(20);
  loaded.dispose();
  model.dispose();
  await runtime.dispose();
});

interface Answers {
  readonly rows: readonly (readonly number[])[];
  /** The largest difference of a probability that is allowed. */
  readonly within: number;
}

const inOrder = (answer: readonly Classification[]): number[] =>
  [...answer].sort((a, b) => a.index - b.index).map(({ probability }) => probability);

async function classifyEach(model: LayersModel, files: readonly string[]): Promise<number[][]> {
  const rows = [];
  for (const file of files) rows.push(inOrder(await classify(model, await decodeImage(file), { topK: 10 })));
  return rows;
}

async function classifyAll(
  model: LayersModel | Predictor,
  files: readonly string[],
  options: ClassifyManyOptions = {},
): Promise<number[][]> {
  async function* images(): AsyncGenerator<Pixels> {
    for (const file of files) yield await decodeImage(file);
  }
  const rows = [];
  for await (const answer of classifyMany(model, images(), { topK: 10, batchSize: 32, ...options })) rows.push(inOrder(answer));
  return rows;
}

function python(model: string, images: readonly string[]): { readonly own: number[][]; readonly floats?: number[][] } {
  const interpreter = process.env['ORACLE_ONNX_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const jobs = path.join(folder, 'jobs.json');
  writeFileSync(jobs, JSON.stringify([{ model, images }]));
  const script = fileURLToPath(new URL('onnx_python.py', import.meta.url));
  const [answer] = JSON.parse(
    execFileSync(interpreter, [script, jobs], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 }),
  ) as ReturnType<typeof python>[];
  return answer!;
}
