// Training steps of B0 with the stock layers of TensorFlow.js on tfjs-node, in a process of its own: model.trainOnBatch with everything
// trainable. Prints the times of the steps as JSON. The argument is a StepCase as JSON.

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { efficientNet } from 'effnet-ts';
import { CACHE } from '../support/paths.js';
import type { StepCase, StepOutcome } from './modes.js';

const CLASSES = 10;
const { size, batch, warmup, steps } = JSON.parse(process.argv[2] ?? '') as StepCase;
createRequire(`${CACHE}package.json`)('@tensorflow/tfjs-node');
await tf.setBackend('tensorflow');

// Files contain standard class names, so the configuration opens with the layers of TensorFlow.js.
const configuration = efficientNet('b0', { inputSize: size, classes: CLASSES, seed: 1 }).toJSON(null, false);
const model = await tfl.models.modelFromJSON(configuration as never);
model.compile({ optimizer: tf.train.sgd(0.001), loss: 'categoricalCrossentropy' });
const xs = tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 1);
const labels = Array.from({ length: batch }, (_, i) => i % CLASSES);
const ys = tf.tidy(() => tf.cast(tf.oneHot(labels, CLASSES), 'float32'));

const milliseconds: number[] = [];
const processor: number[] = [];
for (let step = 0; step < warmup + steps; step++) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const loss = await model.trainOnBatch(xs, ys);
  if (!Number.isFinite(loss)) throw new Error(`The loss is ${String(loss)} at step ${step}.`);
  if (step < warmup) continue;
  const { user, system } = process.cpuUsage(used);
  milliseconds.push(performance.now() - start);
  processor.push((user + system) / 1000);
}
const outcome: StepOutcome = {
  milliseconds,
  processor,
  version: `@tensorflow/tfjs ${tf.version_core}`,
  peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
};
console.log(JSON.stringify(outcome));
