// Batch normalization with a custom gradient. TensorFlow.js' automatic gradient runs a dozen operations on tensors of full size.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/** The result of {@link trainBatchNorm}. The caller must dispose all three tensors. */
export interface TrainedBatchNorm {
  /** The normalized input, in the shape of `x`. */
  readonly y: tf.Tensor;
  /** `[channels]`. No gradient flows through it. */
  readonly mean: tf.Tensor1D;
  /** `[channels]`, divided by the number of values per channel. No gradient flows through it. */
  readonly variance: tf.Tensor1D;
}

/**
 * Normalizes each channel of `x` with its mean and variance over all other axes.
 *
 * @param x - `[..., channels]`.
 * @param gamma - `[channels]`.
 * @param beta - `[channels]`.
 * @see Batch Normalization (arXiv 1502.03167), section 3
 */
export function trainBatchNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): TrainedBatchNorm {
  const [mean, variance] = fused('EffnetMoments', { x }, {}, () => {
    const moments = tf.moments(x, leadingAxes(x));
    return [moments.mean, moments.variance];
  }) as [tf.Tensor1D, tf.Tensor1D];
  return { y: normalize(x, mean, variance, gamma, beta, epsilon, true), mean, variance };
}

/** Normalizes each channel of `x` with the given statistics, through which no gradient flows. Shapes are as in {@link trainBatchNorm}. */
export function inferBatchNorm(
  x: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
): tf.Tensor {
  return normalize(x, mean, variance, gamma, beta, epsilon, false);
}

function normalize(
  input: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  epsilon: number,
  ofBatch: boolean,
): tf.Tensor {
  const apply = tf.customGrad((...parameters) => {
    const [x, gamma, beta, save] = parameters as unknown as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    save([x, mean, variance, gamma]);
    return {
      value: tf.batchNorm(x, mean, variance, beta, gamma, epsilon),
      gradFunc: (dy, saved) => gradient(dy, saved, epsilon, ofBatch),
    };
  });
  return apply(input, scale, shift);
}

/** Returns the gradients with respect to x, gamma and beta. */
function gradient(dy: tf.Tensor, saved: tf.Tensor[], epsilon: number, ofBatch: boolean): tf.Tensor[] {
  const [x, mean, variance, gamma] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  return fused('EffnetBatchNormGradient', { x, dy, mean, variance, gamma }, { epsilon, ofBatch }, () => {
    const axes = leadingAxes(x);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const normalized = tf.mul(tf.sub(x, mean), inverse);
    const dbeta = tf.sum(dy, axes);
    const dgamma = tf.sum(tf.mul(dy, normalized), axes);
    const factor = tf.mul(gamma, inverse);
    if (!ofBatch) return [tf.mul(dy, factor), dgamma, dbeta];
    // The mean and variance depend on x as well. This subtracts their contribution to the gradient.
    const count = x.size / mean.size;
    const along = tf.add(tf.div(dbeta, count), tf.mul(normalized, tf.div(dgamma, count)));
    return [tf.mul(tf.sub(dy, along), factor), dgamma, dbeta];
  });
}

function leadingAxes(x: tf.Tensor): number[] {
  return x.shape.map((_, axis) => axis).slice(0, -1);
}
