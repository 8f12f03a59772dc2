// Compares products and sums with a vector along the last axis on wasm with TensorFlow.js.

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
  [[2, 5, 7, 3], [3]],
  [[5, 4], [4]],
  [[3, 3, 13], [13]],
  [[6, 1], [1]],
  [[0, 3], [3]],
  // Shapes that the stock kernels compute.
  [[4, 3], []],
  [[3], [4, 3]],
  [
    [4, 3],
    [4, 1],
  ],
  [[3], [3]],
] as [number[], number[]][])('%j and %j', (shape, other) => {
  test('product', async () => {
    await expectEqual(() => tf.mul(values('x', shape), values('v', other)));
  });

  test('sum', async () => {
    await expectEqual(() => tf.add(values('x', shape), values('v', other)));
  });
});

test('integers stay integers', async () => {
  await tf.setBackend('wasm');
  const sum = tf.tidy(() => tf.add(tf.tensor2d([[1, 2]], [1, 2], 'int32'), tf.tensor1d([3, 4], 'int32')));
  expect(sum.dtype).toBe('int32');
  expect([...(await sum.data())]).toEqual([4, 6]);
  sum.dispose();
});
