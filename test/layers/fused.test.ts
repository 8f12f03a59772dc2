// The fused operations against TensorFlow.js' own differentiation of the plain formulas, composed and as wasm kernels.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { fusedSwish, inferBatchNorm, trainBatchNorm } from '../../src/layers/index.js';
import { registerWasmTraining } from '../../src/wasm.js';
import { uniform } from '../support/fill.js';

type One = tf.Tensor1D;

const EPSILON = 1e-3;
const AXES = [0, 1, 2];
const SHAPES = [[1, 5, 7, 8], [3, 9, 9, 13], [3, 12, 11, 24], [2, 3, 1, 3]] as const;

const filled = (name: string, shape: readonly number[], scale = 4, offset = -2): tf.Tensor =>
  tf.tensor(Float32Array.from(uniform(name, shape.reduce((a, b) => a * b)), (u) => scale * u + offset), [...shape]);

/** Inputs by name, the operation, and the plain formula it stands for. */
const OPERATIONS: Record<string, {
  readonly inputs: (shape: readonly number[]) => tf.Tensor[];
  readonly fused: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly plain: (...inputs: tf.Tensor[]) => tf.Tensor;
}> = {
  fusedSwish: {
    inputs: (shape) => [filled('x', shape, 24, -12)],
    fused: (x) => fusedSwish(x),
    plain: (x) => tf.mul(x, tf.sigmoid(x)),
  },
  trainBatchNorm: {
    inputs: (shape) => [filled('x', shape, 4, 7), filled('gamma', shape.slice(3)), filled('beta', shape.slice(3))],
    fused: (x, gamma, beta) => trainBatchNorm(x, gamma as One, beta as One, EPSILON).y,
    plain: (x, gamma, beta) => {
      const centered = tf.sub(x, tf.mean(x, AXES));
      const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centered), AXES), EPSILON));
      return tf.add(tf.mul(tf.div(centered, deviation), gamma), beta);
    },
  },
  inferBatchNorm: {
    inputs: (shape) => [filled('x', shape), filled('gamma', shape.slice(3)), filled('beta', shape.slice(3))],
    fused: (x, gamma, beta) => inferBatchNorm(x, statistic('mean', x), statistic('variance', x), gamma as One, beta as One, EPSILON),
    plain: (x, gamma, beta) => {
      const deviation = tf.sqrt(tf.add(statistic('variance', x), EPSILON));
      return tf.add(tf.mul(tf.div(tf.sub(x, statistic('mean', x)), deviation), gamma), beta);
    },
  },
};

const statistic = (name: string, x: tf.Tensor): One => filled(name, x.shape.slice(-1), 1, 0.5) as One;

/** The values of an operation and its gradients by every input, for a given gradient of the result. */
async function evaluate(backend: string, operation: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: (shape: readonly number[]) => tf.Tensor[], shape: readonly number[]): Promise<Float32Array[]> {
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

describe.each(Object.entries(OPERATIONS))('%s', (_, { inputs, fused, plain }) => {
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

test('trainBatchNorm returns the statistics it normalized by', async () => {
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const [x, gamma, beta] = [filled('x', [3, 9, 9, 13], 4, 7), tf.ones([13]), tf.zeros([13])];
    const { y, mean, variance } = trainBatchNorm(x, gamma as One, beta as One, EPSILON);
    const expected = tf.moments(x, AXES);
    expect(await mean.data()).toBeAllclose(await expected.mean.data(), { tolerance: 1e-5 });
    expect(await variance.data()).toBeAllclose(await expected.variance.data(), { tolerance: 1e-5 });
    tf.dispose([x, gamma, beta, y, mean, variance, expected.mean, expected.variance]);
  }
});
