// Stock operations whose wasm kernels are replaced: the numbers stay TensorFlow.js' own.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { uniform } from '../support/fill.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

const values = (name: string, shape: number[]): tf.Tensor =>
  tf.tensor(Float32Array.from(uniform(name, tf.util.sizeFromShape(shape)), (u) => u + 1), shape);

async function onBoth(operation: () => tf.Tensor): Promise<{ shape: number[]; dtype: string; data: ArrayLike<number> }[]> {
  const results = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const result = tf.tidy(operation);
    results.push({ shape: result.shape, dtype: result.dtype, data: await result.data() });
    result.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  return results;
}

async function expectEqual(operation: () => tf.Tensor): Promise<void> {
  const [cpu, wasm] = await onBoth(operation);
  expect({ shape: wasm!.shape, dtype: wasm!.dtype }).toEqual({ shape: cpu!.shape, dtype: cpu!.dtype });
  const largest = Array.from(cpu!.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(wasm!.data).toBeAllclose(cpu!.data, { tolerance: 1e-6 * largest });
}

describe.each([
  [[3, 7, 5, 13], [1, 2]], [[3, 7, 5, 13], [0, 1, 2]], [[3, 7, 5, 12], [2, 1]], [[3, 7, 5, 13], [0, 2]], [[3, 7, 5, 13], [-1]],
  [[200, 9], [0]], [[4, 6, 1], [1]], [[3, 7], undefined], [[2, 0, 4], [1]], [[], undefined],
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
  expect([...await total.data()]).toEqual([1_000_003, 1_000_003, 1_000_003, 1_000_003]);
  total.dispose();
});

test('a clone outlives its original and shares its numbers', async () => {
  await tf.setBackend('wasm');
  const original = tf.tensor1d([1, 2, 3]);
  const [clone, cast] = [tf.clone(original), tf.cast(original, 'float32')];
  original.dispose();
  expect([...await clone.data()]).toEqual([1, 2, 3]);
  clone.dispose();
  expect([...await cast.data()]).toEqual([1, 2, 3]);
  cast.dispose();
});

test('a variable keeps its own numbers when a clone of it was taken before it changed', async () => {
  await tf.setBackend('wasm');
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const before = tf.clone(variable);
  variable.assign(tf.tensor1d([3, 4]));
  expect([...await before.data()]).toEqual([1, 2]);
  expect([...await variable.data()]).toEqual([3, 4]);
  tf.dispose([variable, before]);
});

test('casts between types change the values as on cpu', async () => {
  await expectEqual(() => tf.cast(tf.mul(values('x', [5]), 3), 'int32'));
  await expectEqual(() => tf.cast(tf.tensor1d([0, 1, 1], 'bool'), 'float32'));
});

describe('batchNorm', () => {
  test.each([[[2, 5, 5, 13], [13]], [[6, 8], [8]], [[2, 3, 4, 5], [2, 3, 4, 5]]])('of %j with statistics %j', async (shape, statistics) => {
    const of = (name: string): tf.Tensor1D => values(name, statistics) as tf.Tensor1D;
    await expectEqual(() => tf.batchNorm(values('x', shape), of('mean'), of('variance'), of('beta'), of('gamma'), 1e-3));
    await expectEqual(() => tf.batchNorm(values('x', shape), of('mean'), of('variance')));
  });
});
