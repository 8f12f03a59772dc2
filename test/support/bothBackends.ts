// Compares an operation on cpu and wasm.

import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { uniform } from './fill.js';

/** Returns numbers in [1, 2) that depend only on the name. */
export function values(name: string, shape: number[]): tf.Tensor {
  return tf.tensor(
    Float32Array.from(uniform(name, tf.util.sizeFromShape(shape)), (u) => u + 1),
    shape,
  );
}

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

/** Expects the same result on cpu and wasm. */
export async function expectEqual(operation: () => tf.Tensor): Promise<void> {
  const [cpu, wasm] = await onBoth(operation);
  expect({ shape: wasm!.shape, dtype: wasm!.dtype }).toEqual({ shape: cpu!.shape, dtype: cpu!.dtype });
  const largest = Array.from(cpu!.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(wasm!.data).toBeAllclose(cpu!.data, { tolerance: 1e-6 * largest });
}
