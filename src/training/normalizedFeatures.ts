// Centers and scales features before a head, so that one learning rate and one penalty suit every backbone. The trained head is then
// converted to one for the features themselves.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { DataError } from '../core/index.js';
import { BatchNormalization } from '../layers/internal.js';
import type { Features } from './extractFeatures.js';

/** A layer that normalizes features, and the conversion of the dense layer behind it. */
export interface NormalizedFeatures {
  /** Subtracts the mean of each feature, and divides by the root mean square deviation of all features. */
  apply(input: tfl.SymbolicTensor): tfl.SymbolicTensor;
  /** Does the same to features `[batch, features]`. The caller must dispose the result. */
  readonly normalize: (features: tf.Tensor2D) => tf.Tensor2D;
  /** Returns the weights for the features themselves. The caller must dispose them. */
  withoutNormalization(kernel: tf.Tensor, bias: tf.Tensor): [kernel: tf.Tensor, bias: tf.Tensor];
}

/**
 * Returns the normalization of the given features.
 *
 * @throws {DataError} when their variance exceeds the range of float32.
 */
export function normalizedFeatures(features: Features): NormalizedFeatures {
  const { mean, variance } = momentsOf(features);
  if (!Number.isFinite(Math.fround(variance))) {
    throw new DataError(
      `trainHead: expected finite features with a finite variance, received a variance of ${variance.toPrecision(3)}. ` +
        'The backbone remains unchanged. Look at the weights of the backbone.',
    );
  }
  const epsilon = 1e-7;
  // Features without any variance give no information, and are only centered.
  const width = Float32Array.from(mean, () => (variance > 0 ? variance : 1));
  const inverse = 1 / Math.sqrt((width[0] ?? 1) + epsilon);
  return {
    apply(input) {
      const layer = new BatchNormalization({ name: 'feature_norm', center: false, scale: false, trainable: false, epsilon });
      const output = layer.apply(input) as tfl.SymbolicTensor;
      tf.tidy(() => {
        layer.setWeights([tf.tensor1d(mean), tf.tensor1d(width)]);
      });
      return output;
    },
    normalize: (features) => tf.tidy(() => tf.mul(tf.sub(features, tf.tensor1d(mean)), inverse)),
    withoutNormalization: (kernel, bias) =>
      tf.tidy(() => {
        const scaled = tf.mul(kernel, inverse);
        return [scaled, tf.sub(bias, tf.reshape(tf.matMul(tf.tensor2d(mean, [1, mean.length]), scaled as tf.Tensor2D), bias.shape))];
      }),
  };
}

/** Returns the mean of each feature, and the mean of the variances of all features. */
function momentsOf({ count, width, values }: Features): { readonly mean: Float32Array; readonly variance: number } {
  const sums = new Float64Array(width);
  values.forEach((value, i) => {
    sums[i % width] = (sums[i % width] as number) + value;
  });
  const mean = Float32Array.from(sums, (sum) => sum / count);
  let squares = 0;
  values.forEach((value, i) => {
    squares += (value - (mean[i % width] as number)) ** 2;
  });
  return { mean, variance: squares / values.length };
}
