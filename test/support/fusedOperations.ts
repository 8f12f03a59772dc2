// Compares fused operations with the plain formulas and their gradients in TensorFlow.js.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm.js';
import { uniform } from './fill.js';

const SHAPES = [
  [1, 5, 7, 8],
  [3, 9, 9, 13],
  [3, 12, 11, 24],
  [2, 3, 1, 3],
] as const;

/** An operation and the plain formula it replaces. */
export interface FusedOperation {
  readonly inputs: (shape: readonly number[]) => tf.Tensor[];
  readonly fused: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly plain: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** Returns numbers in [offset, offset + scale) that depend only on the name. */
export function filled(name: string, shape: readonly number[], scale = 4, offset = -2): tf.Tensor {
  return tf.tensor(
    Float32Array.from(
      uniform(
        name,
        shape.reduce((a, b) => a * b),
      ),
      (u) => scale * u + offset,
    ),
    [...shape],
  );
}

/** Returns the values of an operation and its gradients with respect to every input, for a given gradient of the result. */
async function evaluate(
  backend: string,
  operation: FusedOperation['fused'],
  inputs: FusedOperation['inputs'],
  shape: readonly number[],
): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  if (backend === 'wasm') await registerWasmTraining();
  const before = tf.memory().numTensors;
  const results = tf.tidy(() => {
    const given = inputs(shape);
    const y = operation(...given);
    return [y, ...tf.grads(operation)(given, filled('dy', y.shape))];
  });
  const values = await Promise.all(results.map((result) => result.data<'float32'>()));
  tf.dispose(results);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

/** Tests that operations equal their plain formulas on cpu and wasm. */
export function describeFused(operations: Readonly<Record<string, FusedOperation>>): void {
  describe.each(Object.entries(operations))('%s', (_, { inputs, fused, plain }) => {
    test.each(SHAPES.flatMap((shape) => ['cpu', 'wasm'].map((backend) => [shape.join(' x '), backend, shape] as const)))(
      'of %s on %s equals the plain formula and its gradients',
      async (_title, backend, shape) => {
        const expected = await evaluate('cpu', plain, inputs, shape);
        const received = await evaluate(backend, fused, inputs, shape);
        expected.forEach((values, i) => {
          const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
          expect(received[i]).toBeAllclose(values, { tolerance: 1e-5 * largest });
        });
      },
    );
  });
}
