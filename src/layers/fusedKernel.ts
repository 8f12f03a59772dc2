// Operations that a backend may run as one kernel. TensorFlow.js knows none of them: `effnet-ts/wasm` registers them for wasm,
// and everywhere else they are composed of its own operations.

import * as tf from '@tensorflow/tfjs-core';

/** Names, inputs, attributes and outputs are the contract with src/wasm. */
export type FusedKernel =
  // { x [..., channels] } -> mean, variance [channels]
  | 'EffnetMoments'
  // { x, dy, mean, variance, gamma }, { epsilon, ofBatch } -> dx, dgamma, dbeta
  | 'EffnetBatchNormGradient'
  // { x } -> y
  | 'EffnetSwish'
  // { x, dy } -> dx
  | 'EffnetSwishGradient'
  // { 0: float32, 1: float32, ... } -> a scalar, 0 where all numbers are finite and NaN where one is not
  | 'EffnetFinite';

/** Runs a kernel of the current backend, or what it is composed of where the backend has no such kernel. */
export function fused<T extends tf.Tensor | tf.Tensor[]>(
  kernel: FusedKernel,
  inputs: tf.NamedTensorMap,
  attributes: Readonly<Record<string, number | boolean>>,
  compose: () => T,
): T {
  const found: unknown = tf.getKernel(kernel, tf.getBackend());
  return found === undefined ? tf.tidy(compose) : tf.engine().runKernel<T>(kernel, inputs, attributes);
}
