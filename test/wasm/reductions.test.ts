// Compares sums and means on wasm with TensorFlow.js.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { expectEqual, values } from '../support/bothBackends.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

describe.each([
  [
    [3, 7, 5, 13],
    [1, 2],
  ],
  [
    [3, 7, 5, 13],
    [0, 1, 2],
  ],
  [
    [3, 7, 5, 12],
    [2, 1],
  ],
  [
    [3, 7, 5, 13],
    [0, 2],
  ],
  [[3, 7, 5, 13], [-1]],
  [[200, 9], [0]],
  [[4, 6, 1], [1]],
  [[3, 7], undefined],
  [[2, 0, 4], [1]],
  [[], undefined],
] as [number[], number[] | undefined][])('%j over axes %j', (shape, axes) => {
  test.each([false, true])('sum, keepDims %s', async (keepDims) => {
    await expectEqual(() => tf.sum(values('x', shape), axes, keepDims));
  });

  test.skipIf(shape.includes(0))('mean', async () => {
    await expectEqual(() => tf.mean(values('x', shape), axes));
  });
});

test('integers are summed as integers', async () => {
  await expectEqual(() => tf.sum(tf.cast(tf.mul(values('x', [3, 4, 5]), 10), 'int32'), [0, 1]));
});

test('a sum of a million ones is exact', async () => {
  await tf.setBackend('wasm');
  const total = tf.tidy(() => tf.sum(tf.ones([1_000_003, 4]), 0));
  expect([...(await total.data())]).toEqual([1_000_003, 1_000_003, 1_000_003, 1_000_003]);
  total.dispose();
});
