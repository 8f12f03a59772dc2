// One flag for many tensors, on each backend that runs here.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { areFinite } from '../../src/layers/internal.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

describe.each([
  [
    'cpu',
    async () => {
      await tf.setBackend('cpu');
    },
  ],
  ['wasm as TensorFlow.js ships it', startWasm],
  [
    'wasm with kernels for training',
    async () => {
      await startWasm();
      await registerWasmTraining();
    },
  ],
] as const)('on %s', (_, start) => {
  beforeAll(start);

  test.each([NaN, Infinity, -Infinity])('%s is found at every position of every length', async (bad) => {
    for (const length of [1, 2, 7, 8, 9, 19]) {
      for (let at = 0; at < length; at++) {
        const values = Float32Array.from({ length }, (__, i) => (i === at ? bad : i - 3));
        const tensors = [tf.ones([5]), tf.tensor1d(values), tf.ones([2, 2])];
        expect(await areFinite(tensors)).toBe(false);
        tf.dispose(tensors);
      }
    }
  });

  test('the largest and smallest numbers are finite, also where their sum is not', async () => {
    const tensors = [tf.tensor1d([3.4e38, 3.4e38, 1e-45, -0]), tf.fill([8], 3.4e38), tf.scalar(0)];
    expect(await areFinite(tensors)).toBe(true);
    tf.dispose(tensors);
  });

  test('integers and empty lists are finite, and nothing is kept', async () => {
    const tensors = [tf.tensor1d([1, 2], 'int32'), tf.zeros([0, 3])];
    const bad = [tf.scalar(NaN), tf.ones([3])];
    await expectNoLeak(async () => {
      expect(await areFinite(tensors)).toBe(true);
      expect(await areFinite([])).toBe(true);
      expect(await areFinite(bad)).toBe(false);
    });
    tf.dispose([...tensors, ...bad]);
  });
});
