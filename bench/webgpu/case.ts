// Measures one case of the WebGPU benchmark, in its own process. Prints one line of JSON.
// node --import tsx case.ts probe webgpu
// node --import tsx case.ts predict|train webgpu|wasm built|folded|stock VARIANT SIZE BATCH

import * as tf from '@tensorflow/tfjs-core';
import { efficientNet, foldBatchNorm, probeBackend, selectBackend, type Variant } from '../../src/node.js';
import { stockModel } from '../support/stockModel.js';
import { oneHotTargets } from '../support/targets.js';

const [task, backend = '', kind, variant, ...numbers] = process.argv.slice(2);
const [size = 0, batch = 0] = numbers.map(Number);
const CLASSES = 10;
const SECONDS = 1;

const { device } = await selectBackend([backend]);

/** Measures repeated work in milliseconds, after two runs that compile kernels: at least five runs, more for up to a second. */
async function time(work: () => Promise<void>): Promise<{ first: number; milliseconds: number[] }> {
  const start = performance.now();
  await work();
  const first = performance.now() - start;
  await work();
  const milliseconds: number[] = [];
  const from = performance.now();
  while (milliseconds.length < 5 || (performance.now() - from < 1000 * SECONDS && milliseconds.length < 40)) {
    const before = performance.now();
    await work();
    milliseconds.push(performance.now() - before);
  }
  return { first, milliseconds };
}

async function predict(): Promise<object> {
  const built = efficientNet(variant as Variant, { seed: 1, inputSize: size });
  const model = kind === 'folded' ? await foldBatchNorm(built) : kind === 'stock' ? await stockModel(built) : built;
  const pixels = tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 1);
  return time(async () => {
    const answer = model.predict(pixels) as tf.Tensor;
    const [probability = NaN] = await answer.data();
    answer.dispose();
    if (!(probability >= 0)) throw new Error(`The first probability is ${probability}.`);
  });
}

async function train(): Promise<object> {
  const built = efficientNet(variant as Variant, { inputSize: size, classes: CLASSES, seed: 1 });
  const model = kind === 'stock' ? await stockModel(built) : built;
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'categoricalCrossentropy' });
  const xs = tf.randomUniform([batch, size, size, 3], 0, 255, 'float32', 1);
  const ys = oneHotTargets(batch, CLASSES);
  return time(async () => {
    const loss = await model.trainOnBatch(xs, ys);
    if (!Number.isFinite(loss)) throw new Error(`The loss is ${String(loss)}.`);
  });
}

async function probe(): Promise<object> {
  const { largestError, milliseconds } = await probeBackend({ gradients: true });
  return { device, largestError, probeMilliseconds: milliseconds, tensorFlow: tf.version_core };
}

console.log(JSON.stringify(await (task === 'probe' ? probe() : task === 'train' ? train() : predict())));
// Dawn may keep the process alive.
process.exit();
