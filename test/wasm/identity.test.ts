// Compares copies and casts on wasm with TensorFlow.js.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { expectEqual, values } from '../support/bothBackends.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

test('a clone shares the data of the original and outlives it', async () => {
  await tf.setBackend('wasm');
  const original = tf.tensor1d([1, 2, 3]);
  const [clone, cast] = [tf.clone(original), tf.cast(original, 'float32')];
  original.dispose();
  expect([...(await clone.data())]).toEqual([1, 2, 3]);
  clone.dispose();
  expect([...(await cast.data())]).toEqual([1, 2, 3]);
  cast.dispose();
});

test('assigning to a variable does not change an earlier clone', async () => {
  await tf.setBackend('wasm');
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const before = tf.clone(variable);
  variable.assign(tf.tensor1d([3, 4]));
  expect([...(await before.data())]).toEqual([1, 2]);
  expect([...(await variable.data())]).toEqual([3, 4]);
  tf.dispose([variable, before]);
});

test('casts between types give the results of cpu', async () => {
  await expectEqual(() => tf.cast(tf.mul(values('x', [5]), 3), 'int32'));
  await expectEqual(() => tf.cast(tf.tensor1d([0, 1, 1], 'bool'), 'float32'));
});
