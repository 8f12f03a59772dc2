// Long use: tensors stay what they were, and memory does after a warm-up, but for 40 MB of garbage and fragments.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import { classify } from '../../src/evaluation/index.js';
import { efficientNet } from '../../src/models/index.js';
import { loadWeights } from '../../src/node/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { adam, softmaxCrossEntropy } from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';
import { tinyData, tinyModel } from '../support/tinyTraining.js';

const DRIFT = 40;
const TINY = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };
const picture = (side: number, value: number) => ({ width: side, height: side, channels: 3, data: new Uint8Array(side * side * 3).fill(value % 256) });

beforeAll(startWasm);

/** Runs a fifth to warm up, then the rest, and compares. */
async function flat(what: string, times: number, act: (i: number) => Promise<unknown>): Promise<void> {
  const warm = Math.ceil(times / 5);
  for (let i = 0; i < warm; i++) await act(i);
  const [tensors, rss] = [tf.memory().numTensors, process.memoryUsage.rss()];
  for (let i = warm; i < times; i++) await act(i);
  const drift = (process.memoryUsage.rss() - rss) / 2 ** 20;
  console.log(`${what}: ${times} times, ${tf.memory().numTensors - tensors} tensors more, ${drift.toFixed(1)} MB more`);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(drift).toBeLessThan(DRIFT);
}

test('1,000 pictures classified', async () => {
  const model = efficientNet(TINY, { classes: 3, inputSize: 32, seed: 1 });
  await flat('classify', 1000, (i) => classify(model, picture(40, i)));
  model.dispose();
});

test('60 pictures classified by Lite0 at 64 pixels', async () => {
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
  const data = Dataset.range(500).shuffle(100, { seed: 1 }).map((n) => picture(16, n), { concurrency: 4 }).batch(10).prefetch(2);
  await flat('epochs of a dataset', 20, async () => {
    for await (const batch of data) tf.tensor(batch.map(({ data: [first] }) => first ?? 0)).dispose();
  });
});
