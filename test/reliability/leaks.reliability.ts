// Long use: tensors stay what they were, and so does live memory after a warm-up. The process' own size depends on the allocator too, so
// its bound is wide.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import { classify } from '../../src/evaluation/predict/index.js';
import { efficientNet } from '../../src/models/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { adam, softmaxCrossEntropy } from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';
import { tinyData, tinyModel } from '../support/tinyTraining.js';

/** Megabytes. */
const DRIFT = { live: 5, process: 120 };
const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };
const picture = (side: number, value: number) => ({
  width: side,
  height: side,
  channels: 3,
  data: new Uint8Array(side * side * 3).fill(value % 256),
});

beforeAll(startWasm);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Megabytes held after a collection, the backend's own memory among them, and the process' size. */
function held(): { live: number; process: number } {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { live: (heapUsed + external + wasm.HEAPU8.byteLength) / 2 ** 20, process: rss / 2 ** 20 };
}

/** Runs a fifth to warm up, then the rest, and compares. */
async function flat(what: string, times: number, act: (i: number) => Promise<unknown>): Promise<void> {
  const warm = Math.ceil(times / 5);
  for (let i = 0; i < warm; i++) await act(i);
  const { numTensors } = tf.memory();
  const before = held();
  for (let i = warm; i < times; i++) await act(i);
  const after = held();
  const drift = { live: after.live - before.live, process: after.process - before.process };
  console.log(
    `${what}: ${times} times, ${tf.memory().numTensors - numTensors} tensors more, ${drift.live.toFixed(1)} MB more, ` +
      `process ${drift.process.toFixed(1)} MB more`,
  );
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(drift.live).toBeLessThan(DRIFT.live);
  expect(drift.process).toBeLessThan(DRIFT.process);
}

test('classifying 1,000 images', async () => {
  const model = efficientNet(TINY, { classes: 3, inputSize: 32, seed: 1 });
  await flat('classify', 1000, (i) => classify(model, picture(40, i)));
  model.dispose();
});

test('classifying 60 images with Lite0 at 64 pixels', async () => {
  const model = efficientNet('lite0', { inputSize: 64 });
  await loadWeights(model, 'examples/data/weights/efficientnet-lite0.safetensors');
  await flat('classify with Lite0', 60, (i) => classify(model, picture(70, i)));
  model.dispose();
});

test('200 steps of training', async () => {
  const model = tinyModel();
  model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  // Six steps an epoch.
  await flat('epochs of training', 34, () => model.fitDataset(tinyData(), { epochs: 1, verbose: 0 }));
  model.dispose();
});

test('20 epochs of a dataset', async () => {
  const data = Dataset.range(500)
    .shuffle(100, { seed: 1 })
    .map((n) => picture(16, n), { concurrency: 4 })
    .batch(10)
    .prefetch(2);
  await flat('epochs of a dataset', 20, async () => {
    for await (const batch of data) tf.tensor(batch.map(({ data: [first] }) => first ?? 0)).dispose();
  });
});
