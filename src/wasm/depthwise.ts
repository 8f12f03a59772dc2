// Gradients of depthwise convolutions, which TensorFlow.js' wasm backend lacks.

import * as tf from '@tensorflow/tfjs-core';
import type {
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';
import { addressOrZero, allocate, kernelsOf, withScratch } from './backend.js';
import type { WasmBackend } from './backend.js';

type Shape4D = [number, number, number, number];
type Attributes = Pick<DepthwiseConv2dNativeBackpropFilterAttrs, 'strides' | 'dilations' | 'pad' | 'dimRoundingMode'>;

export const depthwiseFilterGradient: KernelConfig = {
  kernelName: tf.DepthwiseConv2dNativeBackpropFilter,
  backendName: 'wasm',
  kernelFunc({ inputs, backend, attrs }) {
    const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
    const attributes = attrs as unknown as DepthwiseConv2dNativeBackpropFilterAttrs;
    const info = describe(tf.DepthwiseConv2dNativeBackpropFilter, x.shape as Shape4D, attributes.filterShape, attributes);
    const dfilter = allocate(backend as WasmBackend, attributes.filterShape);
    runDepthwiseGradient(backend as WasmBackend, { x, dy, dfilter }, info);
    return dfilter;
  },
};

export const depthwiseInputGradient: KernelConfig = {
  kernelName: tf.DepthwiseConv2dNativeBackpropInput,
  backendName: 'wasm',
  kernelFunc({ inputs, backend, attrs }) {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const attributes = attrs as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
    const info = describe(tf.DepthwiseConv2dNativeBackpropInput, attributes.inputShape, filter.shape as Shape4D, attributes);
    const dx = allocate(backend as WasmBackend, attributes.inputShape);
    runDepthwiseGradient(backend as WasmBackend, { filter, dy, dx }, info);
    return dx;
  },
};

/** The operands of `depthwiseGradient`. Without `dx` or `dfilter`, it does not compute that gradient. */
interface GradientOperands {
  readonly x?: TensorInfo;
  readonly filter?: TensorInfo;
  readonly dy: TensorInfo;
  readonly weights?: TensorInfo | undefined;
  readonly shift?: TensorInfo | undefined;
  readonly slope?: TensorInfo | undefined;
  readonly dx?: TensorInfo | undefined;
  readonly dfilter?: TensorInfo | undefined;
}

/** Computes the gradients of a depthwise convolution by its input, its filter, or both. */
export function runDepthwiseGradient(backend: WasmBackend, operands: GradientOperands, info: tf.backend_util.Conv2DInfo): void {
  const { inWidth, inChannels, outWidth, filterHeight, filterWidth, strideWidth, padInfo } = info;
  const { depthwiseGradient, depthwiseGradientScratch } = kernelsOf(backend);
  const { x, filter, dy, weights, shift, slope, dx, dfilter } = operands;
  const addresses = [x, filter, dy, weights, shift, slope, dx, dfilter].map((tensor) => addressOrZero(backend, tensor));
  const floats = depthwiseGradientScratch(inWidth, inChannels, outWidth, filterHeight, filterWidth, strideWidth, padInfo.left);
  withScratch(backend, floats, (scratch) => {
    depthwiseGradient(...addresses, scratch, ...sizes(info));
  });
}

/** Returns the sizes of a depthwise convolution. Throws if the kernels do not support it. */
export function describe(kernel: string, inputShape: Shape4D, filterShape: Shape4D, attributes: Attributes): tf.backend_util.Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  if (filterShape[3] !== 1)
    throw new ShapeError(`wasm ${kernel}: expected one output channel for each input channel, received ${filterShape[3]}.`);
  if ([dilations].flat().some((dilation) => dilation !== 1)) {
    throw new ShapeError(`wasm ${kernel}: expected 1 for \`dilations\`, received ${String(dilations)}.`);
  }
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, dimRoundingMode, true);
}

/** Returns the sizes in the order in which the kernels take them. */
export function sizes(info: tf.backend_util.Conv2DInfo): number[] {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
