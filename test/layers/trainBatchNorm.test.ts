import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { inferBatchNorm, trainBatchNorm } from '../../src/layers/internal.js';
import { describeFused, filled } from '../support/fusedOperations.js';

type One = tf.Tensor1D;

const EPSILON = 1e-3;
const AXES = [0, 1, 2];
const statistic = (name: string, x: tf.Tensor): One => filled(name, x.shape.slice(-1), 1, 0.5) as One;

describeFused({
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
