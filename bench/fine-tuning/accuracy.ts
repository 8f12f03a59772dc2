// Measures the accuracy of fine-tuning against that of a frozen head. Lite0 on the clothing photos: first a head on cached features, then
// everything but BatchNormalization.
// npm run bench:fine-tuning-accuracy               three seeds, about twenty minutes
// npm run bench:fine-tuning-accuracy -- 1,2 3      other seeds and epochs
// npm run bench:fine-tuning-accuracy -- 1,2,3 2 runtime threads   frozen features on ONNX Runtime, training on every core
// The accuracy of a run is that of its last epoch, not of its best one. The results of all runs so far are written to
// bench/fine-tuning/accuracy.json after each run, those with `runtime` or `threads` to accuracy-runtime-threads.json.

import { readFile } from 'node:fs/promises';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  accuracy,
  adam,
  augment,
  efficientNet,
  evaluate,
  fineTune,
  imageBatches,
  imageFolder,
  loadWeights,
  progressBar,
  randomFlip,
  randomResizedCrop,
  selectBackend,
  sequence,
  softmaxCrossEntropy,
  trainHead,
  trainingWorkers,
  warmupCosine,
} from 'effnet-ts/node';
import { createRuntime } from 'effnet-ts/onnx';
import { describeMachine } from '../support/machine.js';
import { fromRoot } from '../support/paths.js';
import { formatRatio, printTable, writeResults } from '../support/results.js';
import { round } from '../support/statistics.js';

const [seeds = '1,2,3', epochsGiven = '2', ...extras] = process.argv.slice(2);
const unknown = extras.find((extra) => !['runtime', 'threads'].includes(extra));
if (unknown !== undefined) throw new Error(`Expected 'runtime' or 'threads', received '${unknown}'.`);
const target = ['accuracy', ...[...extras].sort()].join('-');
const runtime = extras.includes('runtime') ? { runtime: createRuntime } : {};
const EPOCHS = Number(epochsGiven);
const SIZE = 224;
const BATCH = 16;
const RECIPE = {
  head: 'trainHead with its defaults, without normalized features',
  fineTuning:
    `all but BatchNormalization, ${EPOCHS} epochs, Adam, warm-up over one tenth of the steps to 2e-4, then cosine, ` +
    `batch ${BATCH}, label smoothing .1`,
  augmentation: 'random resized crop (area .5-1), horizontal flip',
};

const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'sharp']);
const data = fromRoot('examples/data');
const { backend } = await selectBackend();
const backbone = await readFile(`${data}/weights/efficientnet-lite0.safetensors`);

interface Run {
  readonly seed: number;
  readonly headAccuracy: number;
  readonly epochs: readonly { loss: number; accuracy: number; validationAccuracy: number }[];
  readonly accuracy: number;
  readonly statisticsUnchanged: boolean;
  readonly seconds: number;
}

const runs: Run[] = [];
for (const seed of seeds.split(',').map(Number)) {
  const begun = performance.now();
  const train = await imageFolder(`${data}/clothing/train`, { inputSize: SIZE, seed });
  const validation = await imageFolder(`${data}/clothing/validation`, { inputSize: SIZE, shuffle: false, classNames: train.classNames });
  const network = efficientNet('lite0', { seed });
  await loadWeights(network, backbone);
  const { model } = await trainHead(network, {
    classNames: train.classNames,
    normalizeFeatures: false,
    train: imageBatches(train.images),
    validation: imageBatches(validation.images),
    seed,
    onProgress: progressBar(),
    ...runtime,
  });
  const head = await evaluate(model, validation.images, { onProgress: progressBar() });
  const frozen = await statistics(model);

  const steps = Math.ceil(train.files.length / BATCH) * EPOCHS;
  const recipe = sequence(randomResizedCrop(SIZE, { area: [0.5, 1] }), randomFlip());
  const threads = extras.includes('threads') ? trainingWorkers() : undefined;
  const history = await fineTune(model, {
    train: imageBatches(augment(train.images, recipe, { seed }), { batchSize: BATCH }).prefetch(2),
    validation: imageBatches(validation.images, { batchSize: 32 }),
    stages: [
      {
        unfreeze: 'all',
        epochs: EPOCHS,
        learningRate: warmupCosine({ maxLearningRate: 2e-4, warmupSteps: Math.round(steps / 10), totalSteps: steps }),
      },
    ],
    loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }),
    optimizer: () => adam(),
    metrics: [accuracy()],
    onProgress: progressBar(),
    ...runtime,
    ...(threads === undefined ? {} : { workers: threads }),
  });
  await threads?.dispose();
  const evaluation = await evaluate(model, validation.images, { onProgress: progressBar() });
  const after = await statistics(model);
  const run: Run = {
    seed,
    headAccuracy: decimals(head.accuracy),
    epochs: history.map(({ loss, accuracy: learned, val_accuracy }) => ({
      loss: decimals(loss),
      accuracy: decimals(learned),
      validationAccuracy: decimals(val_accuracy),
    })),
    accuracy: decimals(evaluation.accuracy),
    statisticsUnchanged: frozen.length === after.length && frozen.every((value, i) => Object.is(value, after[i])),
    seconds: Math.round((performance.now() - begun) / 1000),
  };
  console.log(JSON.stringify(run));
  runs.push(run);
  model.dispose();
  await writeResults(new URL(`${target}.json`, import.meta.url), {
    machine,
    settings: { ...RECIPE, backend, extras },
    results: { runs, meanHeadAccuracy: mean((one) => one.headAccuracy), meanAccuracy: mean((one) => one.accuracy) },
  });
}

const [meanHeadAccuracy, meanAccuracy] = [mean((run) => run.headAccuracy), mean((run) => run.accuracy)];
const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
printTable(
  'Validation accuracy after the last epoch',
  ['seed', 'frozen head', 'fine-tuned', 'errors, fine-tuned / frozen head'],
  [
    ...runs.map(({ seed, headAccuracy, accuracy: tuned }) => [
      String(seed),
      percent(headAccuracy),
      percent(tuned),
      formatRatio((1 - tuned) / (1 - headAccuracy)),
    ]),
    ['mean', percent(meanHeadAccuracy), percent(meanAccuracy), formatRatio((1 - meanAccuracy) / (1 - meanHeadAccuracy))],
  ],
);

/** Returns the mean of a value over the runs. */
function mean(pick: (run: Run) => number): number {
  return decimals(runs.reduce((sum, run) => sum + pick(run), 0) / runs.length);
}

/** Means and variances of every BatchNormalization, joined. */
async function statistics(model: LayersModel): Promise<Float32Array> {
  const moving = model.weights.filter(({ name }) => /moving_(mean|variance)/.test(name));
  const values = await Promise.all(moving.map((weight) => weight.read().data<'float32'>()));
  return Float32Array.from(values.flatMap((one) => [...one]));
}

/** Four decimals of a history's value. */
function decimals(value = NaN): number {
  return round(value, 4);
}
