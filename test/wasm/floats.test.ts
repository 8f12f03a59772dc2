// The kernels that copy tensors to one array, and that add arrays in memory that threads share.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { addFloats, readFloats } from '../../src/layers/internal.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { uniform } from '../support/fill.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

test('copies tensors one after the other, in the order of the list, also to shared memory', async () => {
  await expectNoLeak(() => {
    // More than ten tensors, whose keys would sort differently as strings.
    const tensors = Array.from({ length: 12 }, (_, i) => tf.fill([i + 1], i));
    const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0);
    const floats = new Float32Array(new SharedArrayBuffer(4 * (size + 1))).fill(-1);
    readFloats(tensors, floats);
    expect([...floats]).toEqual([...tensors.flatMap((_, i) => Array.from({ length: i + 1 }, () => i)), -1]);
    tf.dispose(tensors);
  });
});

test('copies a tensor that another backend created', async () => {
  await tf.setBackend('cpu');
  const tensor = tf.tensor1d([1, 2, 3]);
  await tf.setBackend('wasm');
  const floats = new Float32Array(3);
  readFloats([tensor], floats);
  expect([...floats]).toEqual([1, 2, 3]);
  tensor.dispose();
});

test.each([1, 3, 4, 6, 17])('adds %i floats of a shared memory, and changes no others', (count) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const floats = new Float32Array(memory.buffer, 0, 60);
  floats.set(uniform('sum/x', 60));
  const before = floats.slice();
  addFloats({ memory, to: 4, from: 4 * 30, count, toFactor: 0.25, fromFactor: 0.75 });
  const expected = before.slice();
  for (let i = 0; i < count; i++) expected[1 + i] = Math.fround(before[1 + i]! * 0.25) + Math.fround(before[30 + i]! * 0.75);
  expect(floats).toEqual(expected);
});
