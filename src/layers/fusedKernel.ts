// Operations that a backend may implement as one kernel. `effnet-ts/wasm` registers kernels for wasm; other backends use several
// TensorFlow.js operations.

import * as tf from '@tensorflow/tfjs-core';

/** The name of a fused operation. src/wasm must use the same inputs, attributes and outputs. */
export type FusedKernel =
  // { x [..., channels] } -> mean, variance [channels]
  | 'EffnetMoments'
  // { x, dy, mean, variance, gamma }, { epsilon, ofBatch } -> dx, dgamma, dbeta
  | 'EffnetBatchNormGradient'
  // { x } -> y
  | 'EffnetSwish'
  // { x, dy } -> dx
  | 'EffnetSwishGradient'
  // { 0: float32, 1: float32, ... } -> a scalar: 0 if all numbers are finite, otherwise NaN
  | 'EffnetFinite';

/** Runs the kernel of the current backend, or `compose` if the backend does not have it. */
export function fused<T extends tf.Tensor | tf.Tensor[]>(
  kernel: FusedKernel,
  inputs: tf.NamedTensorMap,
  attributes: Readonly<Record<string, number | boolean>>,
  compose: () => T,
): T {
  const found: unknown = tf.getKernel(kernel, tf.getBackend());
  return found === undefined ? tf.tidy(compose) : tf.engine().runKernel<T>(kernel, inputs, attributes);
}
