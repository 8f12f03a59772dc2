// Compares trainHead({ l2: 'auto' }), which chooses its L2 penalty by cross-validation, with scikit-learn's LogisticRegressionCV on the
// same features of Lite0: all clothing images, ten per class, and scikit-learn's handwritten digits at 96 pixels.
// npm run bench:frozen-head-penalty            three seeds of trainHead, some minutes
// npm run bench:frozen-head-penalty -- 1       other seeds
// SKLEARN_PYTHON names an environment with scikit-learn, Pillow and safetensors. All results are written to bench/frozen-head/penalty.json.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  efficientNet,
  imageBatches,
  imageFiles,
  imageFolder,
  loadWeights,
  selectBackend,
  trainHead,
  weightArray,
  writeSafetensors,
  type Dataset,
  type FolderFile,
  type ImageBatch,
  type WeightArray,
} from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { describeMachine } from '../support/machine.js';
import { CACHE, fromRoot } from '../support/paths.js';
import { runOwnProcess } from '../support/processes.js';
import { printTable, writeResults } from '../support/results.js';
import { round } from '../support/statistics.js';

const [seeds = '1,2,3'] = process.argv.slice(2);
const python = process.env['SKLEARN_PYTHON'];
if (python === undefined) throw new Error('Set SKLEARN_PYTHON to the Python of an environment with scikit-learn, Pillow and safetensors.');
const script = fromRoot('bench/frozen-head/penalty.py');

interface Task {
  readonly name: string;
  readonly folder: string;
  readonly inputSize: number;
  readonly perClass: number;
}

interface Outcome {
  readonly accuracy: number;
  readonly loss: number;
  readonly l2: number;
}

interface Images {
  readonly files: readonly FolderFile[];
  readonly classNames: readonly string[];
}

async function imagesOf({ folder, perClass }: Task, part: 'train' | 'validation'): Promise<Images> {
  const { files, classNames } = await imageFolder(path.join(folder, part), { shuffle: false });
  if (part === 'validation') return { files, classNames };
  const counts = new Map<number, number>();
  const kept = files.filter(({ label }) => {
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return count <= perClass;
  });
  return { files: kept, classNames };
}

async function loaded(model: LayersModel): Promise<LayersModel> {
  await loadWeights(model, fromRoot('examples/data/weights/efficientnet-lite0.safetensors'), { strict: false });
  return model;
}

const batchesOf = ({ files, classNames }: Images, inputSize: number): Dataset<ImageBatch> =>
  imageBatches(imageFiles(files, { inputSize, classes: classNames.length, shuffle: false }));

/** The features of all images, as trainHead computes them, with their labels. */
async function featuresOf(images: Images, inputSize: number): Promise<[features: WeightArray, labels: WeightArray]> {
  const model = await loaded(efficientNet('lite0', { inputSize, includeTop: false, pooling: 'avg' }));
  const runtime = await createRuntime(model);
  const rows: Float32Array[] = [];
  for await (const { xs, ys } of batchesOf(images, inputSize)) {
    const output = (await runtime.predict(xs)) as Tensor;
    rows.push(await output.data<'float32'>());
    for (const tensor of [xs, ys, output]) tensor.dispose();
  }
  await runtime.dispose();
  model.dispose();
  const values = Float32Array.from(rows.flatMap((row) => [...row]));
  return [
    weightArray([images.files.length, values.length / images.files.length], values),
    weightArray(
      [images.files.length],
      Float32Array.from(images.files, ({ label }) => label),
    ),
  ];
}

async function measure(task: Task, seed: number): Promise<Outcome & { seconds: number }> {
  const { inputSize } = task;
  const [train, validation] = [await imagesOf(task, 'train'), await imagesOf(task, 'validation')];
  let [begun, seconds] = [0, 0];
  const { model, history, l2 } = await trainHead(await loaded(efficientNet('lite0', { inputSize })), {
    classNames: train.classNames,
    train: batchesOf(train, inputSize),
    validation: batchesOf(validation, inputSize),
    seed,
    l2: 'auto',
    runtime: createRuntime,
    onProgress: ({ task: name }) => {
      if (name === 'choosing the L2 penalty') seconds = (performance.now() - begun) / 1000;
      else if (name === 'validation features') begun = performance.now();
    },
  });
  model.dispose();
  const last = history.at(-1);
  return { accuracy: last?.val_accuracy ?? NaN, loss: last?.val_loss ?? NaN, l2, seconds };
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
await selectBackend();
await mkdir(CACHE, { recursive: true });
const scratch = await mkdtemp(path.join(CACHE, 'penalty-'));
try {
  const digits = path.join(scratch, 'digits');
  runOwnProcess([python, script, 'digits', digits]);
  const clothing = fromRoot('examples/data/clothing');
  const tasks: readonly Task[] = [
    { name: 'clothing, all images', folder: clothing, inputSize: 224, perClass: Infinity },
    { name: 'clothing, ten per class', folder: clothing, inputSize: 224, perClass: 10 },
    { name: 'digits', folder: digits, inputSize: 96, perClass: Infinity },
  ];
  const results = [];
  for (const task of tasks) {
    const [train, trainLabels] = await featuresOf(await imagesOf(task, 'train'), task.inputSize);
    const [validation, validationLabels] = await featuresOf(await imagesOf(task, 'validation'), task.inputSize);
    const file = path.join(scratch, 'features.safetensors');
    await writeFile(file, writeSafetensors(new Map(Object.entries({ train, trainLabels, validation, validationLabels }))));
    const runs = [];
    for (const seed of seeds.split(',').map(Number)) runs.push({ seed, ...(await measure(task, seed)) });
    console.error(JSON.stringify({ name: task.name, runs }));
    const scikitLearn = runOwnProcess([python, script, 'fit', file]) as Outcome & { seconds: number };
    console.error(JSON.stringify({ name: task.name, scikitLearn }));
    results.push({ name: task.name, images: train.shape[0], runs, scikitLearn });
  }
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const cells = (all: readonly Outcome[]): string[] => [
    all.map(({ accuracy }) => percent(accuracy)).join(', '),
    all.map(({ loss }) => loss.toFixed(3)).join(', '),
    all.map(({ l2 }) => String(round(l2, 6))).join(', '),
  ];
  printTable(
    'trainHead and LogisticRegressionCV of scikit-learn',
    ['images', 'by', 'accuracy', 'log loss', 'L2 penalty', 'seconds for the choice'],
    results.flatMap(({ name, runs, scikitLearn }) => [
      [name, 'trainHead', ...cells(runs), runs.map(({ seconds }) => seconds.toFixed(1)).join(', ')],
      ['', 'scikit-learn', ...cells([scikitLearn]), scikitLearn.seconds.toFixed(1)],
    ]),
  );
  await writeResults(new URL('penalty.json', import.meta.url), { machine, settings: { variant: 'lite0', seeds }, results });
} finally {
  await rm(scratch, { recursive: true });
}
