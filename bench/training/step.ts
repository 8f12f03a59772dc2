// Training steps of B0 by fineTune in a process of its own. Prints the times of the steps as JSON. The argument is a StepCase as JSON.

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { callback, Dataset, efficientNet, fineTune, imageBatches, selectBackend, sgd, trainingWorkers } from 'effnet-ts/node';
import { createRuntime } from 'effnet-ts/onnx';
import { CACHE } from '../support/paths.js';
import { oneAfterAnother } from './oneAfterAnother.js';
import { MODES, type StepCase, type StepOutcome } from './modes.js';

const CLASSES = 10;
const {
  mode,
  size,
  batch,
  warmup,
  steps,
  threads,
  cached = false,
  runtime = false,
  simulated = false,
  backend = 'wasm',
} = JSON.parse(process.argv[2] ?? '') as StepCase;
const { unfreeze, batchNorm } = MODES[mode];

if (backend === 'wasm') {
  await selectBackend(['wasm'], { gradients: true });
} else {
  // tfjs-node registers on the engine that all copies of tfjs-core share.
  createRequire(`${CACHE}package.json`)('@tensorflow/tfjs-node');
  await tf.setBackend('tensorflow');
}

const model = efficientNet('b0', { inputSize: size, classes: CLASSES, seed: 1 });
const images = Array.from({ length: batch }, (_, i) => ({
  pixels: {
    width: size,
    height: size,
    channels: 3,
    data: Uint8Array.from({ length: 3 * size * size }, (_, j) => (7919 * j + 31 * i) % 256),
  },
  label: i % CLASSES,
}));
let read = 0;
const train = imageBatches(
  Dataset.from(Array.from({ length: batch * (warmup + steps) }, (_, i) => i)).map(
    (i) => {
      read += 1;
      return { ...(images[i % batch] as (typeof images)[number]), origin: String(i) };
    },
    { varies: !cached },
  ),
  { batchSize: batch },
);

const workers =
  threads === undefined || threads === 1
    ? undefined
    : trainingWorkers({
        batchNorm: batchNorm === 'trained' ? 'perThread' : 'frozen',
        ...(threads === 'all' ? {} : { threads }),
      });
const turns = simulated && workers !== undefined ? oneAfterAnother(workers) : undefined;
/** The time in milliseconds, as if simulated threads had run at the same time. */
const now = (): number => performance.now() - (turns?.saved() ?? 0);

const milliseconds: number[] = [];
const processor: number[] = [];
const measuredEpoch = cached ? 1 : 0;
let epochNow = 0;
let [start, used] = [now(), process.cpuUsage()];
const begin = (): void => {
  [start, used] = [now(), process.cpuUsage()];
};
const clock = callback({
  onEpochBegin: (epoch) => {
    epochNow = epoch;
    read = 0;
    begin();
  },
  // Reading the batch is not part of the step, as in the other programs. With cached activations, it replaces a part of the step.
  onBatchBegin: () => {
    if (!cached) begin();
  },
  onBatchEnd: (step) => {
    if (epochNow === measuredEpoch && step >= warmup) {
      const { user, system } = process.cpuUsage(used);
      milliseconds.push(now() - start);
      processor.push((user + system) / 1000);
    }
    begin();
  },
});

await fineTune(model, {
  train,
  preprocessing: { inputSize: size, fit: 'stretch' },
  stages: [{ unfreeze, batchNorm, epochs: measuredEpoch + 1 }],
  optimizer: () => sgd({ learningRate: 0.001 }),
  metrics: [],
  callbacks: [clock],
  ...(runtime ? { runtime: (features) => createRuntime(features, typeof threads === 'number' ? { threads } : {}) } : {}),
  ...(workers === undefined ? {} : { workers: turns?.workers ?? workers }),
});
await workers?.dispose();

if (cached && read > 0) {
  console.log(JSON.stringify({ missing: 'fineTune reads the images again in every epoch' }));
} else {
  const outcome: StepOutcome = {
    milliseconds,
    processor,
    version: `@tensorflow/tfjs ${tf.version_core}, threads: ${workers?.threads ?? 1}`,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  console.log(JSON.stringify(outcome));
}
