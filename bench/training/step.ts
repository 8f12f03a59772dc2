// Measures training steps of B0 on one TensorFlow.js backend, in its own process. Prints milliseconds as JSON.
// node --import tsx step.ts wasm|tensorflow own|stock SIZE BATCH WARMUP STEPS

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { efficientNet } from '../../src/index.js';
import { oneHotTargets } from '../support/targets.js';
import { startWasm } from './startWasm.js';

const [backend = '', layers = '', ...numbers] = process.argv.slice(2);
const [size = 0, batch = 0, warmup = 0, steps = 0] = numbers.map(Number);
const CLASSES = 10;

if (backend === 'wasm') {
  await startWasm();
} else {
  // tfjs-node registers its backend with the engine, which all copies of tfjs-core share.
  createRequire(new URL('../../.cache/bench/package.json', import.meta.url))('@tensorflow/tfjs-node');
  await tf.setBackend('tensorflow');
}

const own = efficientNet('b0', { inputSize: size, classes: CLASSES, seed: 1 });
// Saved configurations contain standard class names, so this opens the model with the layers of TensorFlow.js.
const model = layers === 'own' ? own : await tfl.models.modelFromJSON(own.toJSON(null, false) as never);
model.compile({ optimizer: tf.train.sgd(0.01), loss: 'categoricalCrossentropy' });
const xs = tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 1);
const ys = oneHotTargets(batch, CLASSES);

const milliseconds: number[] = [];
let tensors = 0;
for (let step = 0; step < warmup + steps; step++) {
  const start = performance.now();
  const loss = await model.trainOnBatch(xs, ys);
  if (!Number.isFinite(loss)) throw new Error(`The loss is ${String(loss)} at step ${step}.`);
  if (step >= warmup) milliseconds.push(performance.now() - start);
  if (step === 0) tensors = tf.memory().numTensors;
}
console.log(
  JSON.stringify({
    milliseconds,
    version: `@tensorflow/tfjs ${tf.version_core}`,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    newTensors: tf.memory().numTensors - tensors,
  }),
);
