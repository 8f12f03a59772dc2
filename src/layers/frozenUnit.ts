// A convolution, frozen BatchNormalization, its activation and squeeze-and-excitation as one operation with one gradient.

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runFused } from './fusedKernel.js';

/** The statistics and weights of a frozen BatchNormalization layer. */
export interface FrozenNorm {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly gamma: tf.Tensor | undefined;
  readonly beta: tf.Tensor | undefined;
  readonly epsilon: number;
}

/** The activations that a unit can apply, in the order of their numbers in the kernels. */
const ACTIVATIONS = ['linear', 'swish', 'relu', 'relu6'] as const;
export type UnitActivation = (typeof ACTIVATIONS)[number];

/** The weights of squeeze-and-excitation with the activations swish and sigmoid. */
export interface ExciteWeights {
  /** `[1, 1, channels, filters]` and `[filters]`. */
  readonly reduce: tf.Tensor;
  readonly reduceBias: tf.Tensor;
  /** `[1, 1, filters, channels]` and `[channels]`. */
  readonly expand: tf.Tensor;
  readonly expandBias: tf.Tensor;
}

/** A unit: how its convolution, which has no bias, and its activation work. */
export interface UnitOptions {
  readonly depthwise: boolean;
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
  readonly activation: UnitActivation;
  readonly norm: FrozenNorm;
  /** Whether a gradient with respect to the input is needed. */
  readonly inputTrains: boolean;
  /** Whether a gradient with respect to the filter is needed. */
  readonly filterTrains: boolean;
}

/** Returns whether the current backend has the kernels of units. Other backends run the layers one by one. */
export function hasUnits(): boolean {
  return hasKernel('EffnetPointwiseNormAct');
}

/**
 * Computes `activation(batchNorm(conv(x, filter)))`, and with `excite` squeeze-and-excitation of that. Gradients flow to `x`, `filter` and
 * the weights of `excite`, not to BatchNormalization. With `excite`, the activation must not be linear. Requires {@link hasUnits}.
 *
 * @param x - `[batch, height, width, channels]`.
 */
export function frozenUnit(x: tf.Tensor4D, filter: tf.Tensor4D, options: UnitOptions, excite?: ExciteWeights): tf.Tensor4D {
  const { inputTrains, filterTrains } = options;
  const gate = excite === undefined ? [] : [excite.reduce, excite.reduceBias, excite.expand, excite.expandBias];
  const inputs = [...(inputTrains ? [x] : []), ...(filterTrains ? [filter] : []), ...gate];
  // Nothing before the unit or in it trains.
  if (inputs.length === 0) return tf.tidy(() => forward(x, filter, options, false).y as tf.Tensor4D);
  const apply = tf.customGrad((...parameters) => {
    const save = parameters.at(-1) as unknown as tf.GradSaveFunc;
    const { y, slope, pooled } = forward(x, filter, options, excite !== undefined);
    if (excite === undefined || pooled === undefined) {
      save([x, filter, ...(slope === undefined ? [] : [slope])]);
      return {
        value: y,
        gradFunc: (dy, saved) => releasing([dy, ...saved], () => ofUnit(dy, saved, options)),
      };
    }
    const [weights, reduced] = runFused('EffnetGate', { pooled, ...excite }) as [tf.Tensor, tf.Tensor];
    const [value] = runFused('EffnetExcite', { x: y, weights }) as [tf.Tensor];
    save([x, filter, slope as tf.Tensor, y, weights, reduced, pooled, excite.reduce, excite.expand]);
    return { value, gradFunc: (dy, saved) => releasing([dy, ...saved], () => ofExcite(dy, saved, options)) };
  });
  return apply(...inputs) as tf.Tensor4D;
}

interface Forward {
  readonly y: tf.Tensor;
  /** The derivative of the activation of BatchNormalization by its input. Missing if the activation is linear. */
  readonly slope: tf.Tensor | undefined;
  readonly pooled: tf.Tensor | undefined;
}

function forward(x: tf.Tensor4D, filter: tf.Tensor4D, options: UnitOptions, pool: boolean): Forward {
  const { depthwise, strides, padding, norm, activation } = options;
  const { epsilon, mean, variance, gamma, beta } = norm;
  const inputs = { mean, variance, ...(gamma === undefined ? {} : { gamma }), ...(beta === undefined ? {} : { beta }) };
  const attributes = { epsilon, activation: ACTIVATIONS.indexOf(activation) };
  if (!pool && isPointwise(filter, options)) {
    const [y, slope] = runFused('EffnetPointwiseNormAct', { x, filter, ...inputs }, attributes) as [tf.Tensor, tf.Tensor | undefined];
    return { y, slope, pooled: undefined };
  }
  const [y, ...others] = depthwise
    ? (runFused('EffnetDepthwiseNormAct', { x, filter, ...inputs }, { ...attributes, ...geometryOf(options), pool }) as [
        tf.Tensor,
        ...tf.Tensor[],
      ])
    : normalized(tf.conv2d(x, filter, strides, padding), inputs, { ...attributes, pool });
  return { y, slope: activation === 'linear' ? undefined : others[0], pooled: pool ? others.at(-1) : undefined };
}

/** Normalizes a convolution and disposes it. */
function normalized(
  x: tf.Tensor,
  norm: tf.NamedTensorMap,
  attributes: Readonly<Record<string, number | boolean>>,
): [tf.Tensor, ...tf.Tensor[]] {
  const results = runFused('EffnetNormAct', { x, ...norm }, attributes) as [tf.Tensor, ...tf.Tensor[]];
  x.dispose();
  return results;
}

function ofUnit(dy: tf.Tensor, saved: readonly tf.Tensor[], options: UnitOptions): tf.Tensor[] {
  const [x, filter, slope] = saved as [tf.Tensor, tf.Tensor, tf.Tensor | undefined];
  const { depthwise, norm, inputTrains, filterTrains } = options;
  if (depthwise && slope !== undefined) return ofDepthwise({ x, filter, dy, slope }, options);
  if (!isPointwise(filter, options)) return ofConvolution(slope === undefined ? dy : tf.mul(dy, slope), saved, options);
  const { variance, gamma, epsilon } = norm;
  const inputs = { x, filter, dy, ...(slope === undefined ? {} : { slope }), variance, ...(gamma === undefined ? {} : { gamma }) };
  return runFused('EffnetPointwiseGradient', inputs, { epsilon, inputTrains, filterTrains });
}

function ofDepthwise(inputs: tf.NamedTensorMap, options: UnitOptions): tf.Tensor[] {
  const { inputTrains, filterTrains } = options;
  if (!inputTrains && !filterTrains) return [];
  return runFused('EffnetDepthwiseGradient', inputs, { ...geometryOf(options), inputTrains, filterTrains });
}

/** The attributes of a depthwise convolution. */
function geometryOf({ strides: [strideHeight, strideWidth], padding }: UnitOptions): Readonly<Record<string, number | boolean>> {
  return { strideHeight, strideWidth, same: padding === 'same' };
}

function isPointwise(filter: tf.Tensor, { depthwise, strides }: UnitOptions): boolean {
  return !depthwise && [...strides, ...filter.shape.slice(0, 2)].every((length) => length === 1);
}

function ofExcite(dy: tf.Tensor, saved: readonly tf.Tensor[], options: UnitOptions): tf.Tensor[] {
  const [x, filter, slope, y, weights, reduced, pooled, reduce, expand] = saved as [
    tf.Tensor4D,
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const [dweights] = runFused('EffnetExciteSums', { x: y, dy }) as [tf.Tensor];
  const [, height = 1, width = 1] = y.shape;
  const [shift, ...ofGate] = runFused(
    'EffnetGateGradient',
    { dweights, weights, reduced, pooled, reduce, expand },
    { rows: height * width },
  ) as [tf.Tensor, ...tf.Tensor[]];
  if (options.depthwise) return [...ofDepthwise({ x, filter, dy, weights, shift, slope }, options), ...ofGate];
  const [dz] = runFused('EffnetExciteGradient', { dy, weights, shift, slope }) as [tf.Tensor];
  return [...ofConvolution(dz, saved, options), ...ofGate];
}

function ofConvolution(dz: tf.Tensor, saved: readonly tf.Tensor[], options: UnitOptions): tf.Tensor[] {
  const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
  const { depthwise, strides, padding: pad, norm, activation, inputTrains, filterTrains } = options;
  const attributes = { strides, pad, dataFormat: 'NHWC', dilations: [1, 1] };
  // Scaling the small filter and its gradient has the same effect as scaling `dz`.
  const scale = activation === 'linear' ? scaleOf(norm) : undefined;
  const run = (kernel: string, inputs: tf.NamedTensorMap, shape: Readonly<Record<string, number[]>>): tf.Tensor =>
    tf.engine().runKernel<tf.Tensor>(kernel, inputs, { ...attributes, ...shape });
  const gradients: tf.Tensor[] = [];
  if (inputTrains) {
    const scaled = scale === undefined ? filter : tf.mul(filter, depthwise ? tf.reshape(scale, [-1, 1]) : scale);
    const kernel = depthwise ? tf.DepthwiseConv2dNativeBackpropInput : tf.Conv2DBackpropInput;
    gradients.push(run(kernel, { dy: dz, filter: scaled }, { inputShape: x.shape }));
  }
  if (filterTrains) {
    const kernel = depthwise ? tf.DepthwiseConv2dNativeBackpropFilter : tf.Conv2DBackpropFilter;
    const gradient = run(kernel, { x, dy: dz }, { filterShape: filter.shape });
    gradients.push(scale === undefined ? gradient : tf.mul(gradient, depthwise ? tf.reshape(scale, [-1, 1]) : scale));
  }
  return gradients;
}

function scaleOf({ variance, gamma, epsilon }: FrozenNorm): tf.Tensor {
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  return gamma === undefined ? inverse : tf.mul(inverse, gamma);
}

/** Runs `work` and disposes the tensors, which only `work` reads. TensorFlow.js keeps them until the end of the backward pass. */
function releasing(tensors: readonly tf.Tensor[], work: () => tf.Tensor[]): tf.Tensor[] {
  const results = tf.tidy(work);
  tf.dispose([...tensors]);
  return results;
}
