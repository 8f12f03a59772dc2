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
  // { x, mean, variance, gamma?, beta? }, { epsilon, activation, pool? } -> y, unless the activation is 0 (linear) the derivative of y by
  // x, and with `pool` the means [batch, channels] of y. The derivative overwrites x.
  | 'EffnetNormAct'
  // { x, filter [kh, kw, channels, 1], mean, variance, gamma?, beta? }, { epsilon, activation, strideHeight, strideWidth, same, pool? } ->
  // like EffnetNormAct of the depthwise convolution of x. No input is overwritten.
  | 'EffnetDepthwiseNormAct'
  // { x, filter, dy, weights?, shift?, slope }, { strideHeight, strideWidth, same, inputTrains, filterTrains } -> the gradients of a
  // depthwise convolution that were asked for. Its own gradient is that of EffnetExciteGradient, or dy * slope without weights.
  | 'EffnetDepthwiseGradient'
  // { x, filter [1, 1, in, out], mean, variance, gamma?, beta? }, { epsilon, activation } -> y, and unless the activation is 0 the
  // derivative of y by the convolution
  | 'EffnetPointwiseNormAct'
  // { x, filter, dy, slope?, variance, gamma? }, { epsilon, inputTrains, filterTrains } -> the gradients that were asked for. Without
  // slope, the activation is linear.
  | 'EffnetPointwiseGradient'
  // { pooled, reduce, reduceBias, expand, expandBias } -> weights [batch, channels], reduced [batch, filters] before the activation
  | 'EffnetGate'
  // { dweights, weights, reduced, pooled, reduce, expand }, { rows } -> dpooled / rows, dreduce, dreduceBias, dexpand, dexpandBias
  | 'EffnetGateGradient'
  // { x, weights [batch, channels] } -> x * weights
  | 'EffnetExcite'
  // { x, dy } -> the sums [batch, channels] of x * dy
  | 'EffnetExciteSums'
  // { dy, weights, shift, slope } -> (dy * weights + shift) * slope
  | 'EffnetExciteGradient'
  // { weight, gradient }, { rate } -> weight - rate * gradient
  | 'EffnetDescentUpdate'
  // { weight, gradient, velocity }, { rate, momentum, nesterov } -> the new weight and velocity
  | 'EffnetMomentumUpdate'
  // { weight, gradient, mean, meanSquare }, { rate, beta1, beta2, epsilon } -> the new weight, mean and mean square
  | 'EffnetAdamUpdate'
  // { 0: float32, 1: float32, ... } -> a scalar: 0 if all numbers are finite, otherwise NaN
  | 'EffnetFinite'
  // { 0: float32, 1: float32, ... }, { floats } -> nothing. Copies the values, one tensor after the other, to the Float32Array `floats`.
  | 'EffnetReadFloats'
  // {}, { memory, to, from, count, toFactor, fromFactor } -> nothing. Replaces the floats at the address `to` of a WebAssembly.Memory that
  // threads share with to * toFactor + from * fromFactor.
  | 'EffnetAddFloats';

/** The attributes of a fused operation. */
type Attributes = Readonly<Record<string, number | boolean | Float32Array | WebAssembly.Memory>>;

/** Runs the kernel of the current backend, or `compose` if the backend does not have it. */
export function fused<T extends tf.Tensor | tf.Tensor[]>(
  kernel: FusedKernel,
  inputs: tf.NamedTensorMap,
  attributes: Attributes,
  compose: () => T,
): T {
  const found: unknown = tf.getKernel(kernel, tf.getBackend());
  return found === undefined ? tf.tidy(compose) : tf.engine().runKernel<T>(kernel, inputs, attributes as object as tf.NamedAttrMap);
}

/** Returns whether the current backend has a kernel for the operation. */
export function hasKernel(kernel: FusedKernel): boolean {
  const found: unknown = tf.getKernel(kernel, tf.getBackend());
  return found !== undefined;
}

/** Runs the kernel of the current backend, which must have it. */
export function runFused(kernel: FusedKernel, inputs: tf.NamedTensorMap, attributes: Attributes = {}): tf.Tensor[] {
  const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernel, inputs, attributes as object as tf.NamedAttrMap);
  return Array.isArray(result) ? result : [result];
}
