import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { SeededDropout } from '../../src/layers/internal.js';
import { batchDivider, type SharedBatch } from '../../src/training/divideBatch.js';
import type { PlainTensor } from '../../src/training/plainTensor.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});
afterEach(() => {
  tf.disposeVariables();
});

const batchOf = (rows: number): SharedBatch => ({
  features: [tf.reshape(tf.range(0, rows * 6), [rows, 2, 3]), tf.range(0, rows)],
  ys: tf.cast(tf.range(0, rows), 'int32'),
  sampleWeights: tf.range(1, rows + 1),
  classWeights: tf.tensor1d([1, 2]),
  place: 'step 3 of epoch 0',
});

const rowsOf = ({ shape, values }: PlainTensor): readonly number[] => [shape[0]!, ...values];

test('each share has its rows of every tensor, and all class weights', async () => {
  const layer = new SeededDropout({ name: 'drop', rate: 0.5, seed: 4 });
  const shares = await batchDivider(new Map([['drop', layer]]), 2)(batchOf(3));
  expect(shares.map(({ rows }) => rows)).toEqual([
    { start: 0, total: 3 },
    { start: 1, total: 3 },
  ]);
  expect(shares.map(({ ys }) => rowsOf(ys))).toEqual([
    [1, 0],
    [2, 1, 2],
  ]);
  expect(shares.map(({ ys }) => ys.dtype)).toEqual(['int32', 'int32']);
  expect(shares.map(({ sampleWeights }) => rowsOf(sampleWeights!))).toEqual([
    [1, 1],
    [2, 2, 3],
  ]);
  expect(shares[1]!.features.map(({ shape }) => shape)).toEqual([[2, 2, 3], [2]]);
  expect([...shares[1]!.features[0]!.values]).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
  for (const { classWeights, states, place } of shares) {
    expect([...classWeights!.values]).toEqual([1, 2]);
    expect(states).toEqual({ drop: { inference: false, stream: { seed: 4, step: 0 }, rateScale: 1 } });
    expect(place).toBe('step 3 of epoch 0');
  }
});

test('a batch with fewer rows than threads has one share per row', async () => {
  const shares = await batchDivider(new Map(), 4)({ ...batchOf(2), sampleWeights: undefined, classWeights: undefined });
  expect(shares.map(({ ys }) => rowsOf(ys))).toEqual([
    [1, 0],
    [1, 1],
  ]);
  expect(shares.map(({ sampleWeights, classWeights }) => [sampleWeights, classWeights])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

test('batches use the same shared memory, unless one is larger', async () => {
  const divide = batchDivider(new Map(), 2);
  const memoryOf = async (rows: number): Promise<ArrayBufferLike> => (await divide(batchOf(rows)))[0]!.ys.values.buffer;
  const first = await memoryOf(4);
  expect(first).toBeInstanceOf(SharedArrayBuffer);
  expect(await memoryOf(3)).toBe(first);
  expect(await memoryOf(5)).not.toBe(first);
});
