// The update kernels of wasm compute what the separate operations of TensorFlow.js compute on cpu.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { adamUpdate, descentUpdate, momentumUpdate } from '../../src/training/fusedUpdates.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { values } from '../support/bothBackends.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

const RULES: readonly [string, () => tf.Tensor[]][] = [1, 7, 24].flatMap((size) => {
  const of = (name: string): tf.Tensor => values(name, [size]);
  return [false, true]
    .map((nesterov): [string, () => tf.Tensor[]] => [
      `momentum of ${size} numbers, nesterov ${nesterov}`,
      () => momentumUpdate(of('weight'), of('gradient'), of('velocity'), { rate: 0.1, momentum: 0.9, nesterov }),
    ])
    .concat([
      [`descent of ${size} numbers`, () => [descentUpdate(of('weight'), of('gradient'), 0.1)]],
      [
        `Adam of ${size} numbers`,
        () =>
          adamUpdate(of('weight'), of('gradient'), of('mean'), of('meanSquare'), { rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }),
      ],
    ]);
});

test.each(RULES)('%s', async (_, update) => {
  const results: ArrayLike<number>[][] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const tensors = tf.tidy(update);
    results.push(await Promise.all(tensors.map((tensor) => tensor.data())));
    tf.dispose(tensors);
  }
  const [cpu, wasm] = results as [ArrayLike<number>[], ArrayLike<number>[]];
  expect(wasm.length).toBe(cpu.length);
  for (const [i, expected] of cpu.entries()) expect(wasm[i]).toBeAllclose(expected, { tolerance: 1e-6 });
});
