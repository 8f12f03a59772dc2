// Gradients of depthwise convolutions, which TensorFlow.js' wasm backend lacks.

import * as tf from '@tensorflow/tfjs-core';
import type {
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';
import { addressOf, allocate, kernelsOf, withScratch } from './backend.js';
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
    const wasm = backend as WasmBackend;
    const kernels = kernelsOf(wasm);
    const out = allocate(wasm, attributes.filterShape);
    const floats = kernels.depthwiseFilterScratch(info.outWidth, info.inChannels, info.filterWidth, info.strideWidth);
    withScratch(wasm, floats, (scratch) => {
      kernels.depthwiseFilterGradient(addressOf(wasm, x), addressOf(wasm, dy), addressOf(wasm, out), scratch, ...sizes(info));
    });
    return out;
  },
};

export const depthwiseInputGradient: KernelConfig = {
  kernelName: tf.DepthwiseConv2dNativeBackpropInput,
  backendName: 'wasm',
  kernelFunc({ inputs, backend, attrs }) {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const attributes = attrs as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
    const info = describe(tf.DepthwiseConv2dNativeBackpropInput, attributes.inputShape, filter.shape as Shape4D, attributes);
    const wasm = backend as WasmBackend;
    const kernels = kernelsOf(wasm);
    const out = allocate(wasm, attributes.inputShape);
    const { inWidth, inChannels, filterHeight, filterWidth, strideWidth, padInfo } = info;
    const floats = kernels.depthwiseInputScratch(inWidth, inChannels, filterHeight, filterWidth, strideWidth, padInfo.left);
    withScratch(wasm, floats, (scratch) => {
      kernels.depthwiseInputGradient(addressOf(wasm, dy), addressOf(wasm, filter), addressOf(wasm, out), scratch, ...sizes(info));
    });
    return out;
  },
};

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
