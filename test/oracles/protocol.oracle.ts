// What is measured is what is answered: for every validation photo `classify` gives the prediction and the probabilities of `evaluate`, for each way to
// bring a photo to the input size, for B0 and Lite0, after saving and loading, on ONNX Runtime, and in Python from the exported file's metadata.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageBatches } from '../../src/data/index.js';
import { classify, classifyMany, evaluate, type Predictor } from '../../src/evaluation/index.js';
import { describePreprocessing, type Pixels, type Preprocessing } from '../../src/image/index.js';
import { efficientNet, setPreprocessing } from '../../src/models/index.js';
import { decodeImage, imageFolder, loadModel, loadWeights, saveModel, selectBackend } from '../../src/node/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { trainHead } from '../../src/training/index.js';
import { fillModel } from '../support/fillModel.js';

const data = (name: string): string => fileURLToPath(new URL(`../../examples/data/${name}`, import.meta.url));
const SIZE = 128;
const RECORDS: readonly Preprocessing[] = [
  { inputSize: SIZE, fit: 'stretch' },
  { inputSize: SIZE, fit: 'crop', cropFraction: 0.875, margins: 'ceil', interpolation: 'bicubic' },
  { inputSize: SIZE, fit: 'pad', fillValue: 114, antialias: true },
];
const NETWORKS = {
  lite0: async () => {
    const model = efficientNet('lite0', { inputSize: SIZE });
    await loadWeights(model, data('weights/efficientnet-lite0.safetensors'));
    return model;
  },
  // Its published weights are not at hand: what is compared needs none.
  b0: () => {
    const model = efficientNet('b0', { inputSize: SIZE });
    fillModel(model, 2);
    return Promise.resolve(model);
  },
} as const;

let folder: string;

beforeAll(async () => {
  await selectBackend(['wasm']);
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-'));
});
afterAll(() => { rmSync(folder, { recursive: true }); });

const cases = Object.keys(NETWORKS).flatMap((network) => RECORDS.map((record) => [network as keyof typeof NETWORKS, record] as const));

test.each(cases)('%s, %j', async (network, record) => {
  const [train, validation] = await Promise.all(['train', 'validation'].map((part) => imageFolder(data(`clothing/${part}`), { preprocessing: record, shuffle: part === 'train', seed: 1 })));
  const { model } = await trainHead(await NETWORKS[network](), {
    classNames: train!.classNames, train: imageBatches(train!.images), epochs: 10, seed: 1, runtime: (features) => createRuntime(features),
  });
  setPreprocessing(model, record);
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

  const answers = {
    classify: await answersOf(model, files),
    'saved and loaded': await answersOf(loaded, files),
    'ONNX Runtime': await answersOf(runtime, files),
    Python: python(file, files),
  };
  console.log(`${network}, ${describePreprocessing(record)}: ${measured.count} photos, accuracy ${measured.accuracy.toFixed(4)}`);
  const classes = train!.classNames.length;
  for (const [name, rows] of Object.entries(answers)) {
    expect(rows.length).toBe(measured.count);
    const others = rows.filter((row, i) => row.indexOf(Math.max(...row)) !== predicted[i]).length;
    const distance = rows.reduce((most, row, i) => row.reduce((worst, value, k) => Math.max(worst, Math.abs(value - probabilities[i * classes + k]!)), most), 0);
    console.log(`  ${name}: ${others} of ${rows.length} get another class, probabilities at most ${distance.toExponential(1)} apart`);
    expect(others).toBe(0);
    expect(distance).toBeLessThan(name === 'Python' ? 1e-4 : 1e-5);
  }
  loaded.dispose();
  model.dispose();
  await runtime.dispose();
});

async function answersOf(model: LayersModel | Predictor, files: readonly string[]): Promise<number[][]> {
  async function* images(): AsyncGenerator<Pixels> {
    for (const file of files) yield await decodeImage(file);
  }
  const rows = [];
  for await (const answer of classifyMany(model, images(), { topK: 10, batchSize: 32 })) {
    rows.push([...answer].sort((a, b) => a.index - b.index).map(({ probability }) => probability));
  }
  // One alone as well: classify is what people call.
  const [one] = await classify(model, await decodeImage(files[0]!));
  expect(one!.probability).toBeCloseTo(Math.max(...rows[0]!), 5);
  return rows;
}

function python(model: string, images: readonly string[]): number[][] {
  const interpreter = process.env['ORACLE_ONNX_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const jobs = path.join(folder, 'jobs.json');
  writeFileSync(jobs, JSON.stringify([{ model, images }]));
  const script = fileURLToPath(new URL('onnx_python.py', import.meta.url));
  const [answer] = JSON.parse(execFileSync(interpreter, [script, jobs], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 })) as { own: number[][] }[];
  return answer!.own;
}
