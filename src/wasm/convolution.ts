// Gradients of convolutions: Conv2DBackpropFilter, which TensorFlow.js' wasm backend lacks, and a faster Conv2DBackpropInput.

import * as tf from '@tensorflow/tfjs-core';
import type { Conv2DBackpropFilterAttrs, Conv2DBackpropInputAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';
import { addressOf, allocate, kernelsOf, withScratch } from './backend.js';
import type { WasmBackend } from './backend.js';

type Shape4D = [number, number, number, number];
type ConvolutionInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

export const convolutionFilterGradient: KernelConfig = {
  kernelName: tf.Conv2DBackpropFilter,
  backendName: 'wasm',
  kernelFunc({ inputs, backend, attrs }) {
    const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as Conv2DBackpropFilterAttrs;
    assertChannelsLast(tf.Conv2DBackpropFilter, dataFormat);
    const info = tf.backend_util.computeConv2DInfo(x.shape as Shape4D, filterShape, strides, 1, pad, dimRoundingMode);
    return run('convolutionFilterGradient', backend as WasmBackend, x, dy, filterShape, info);
  },
};

export const convolutionInputGradient: KernelConfig = {
  kernelName: tf.Conv2DBackpropInput,
  backendName: 'wasm',
  kernelFunc({ inputs, backend, attrs }) {
    const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs as unknown as Conv2DBackpropInputAttrs;
    assertChannelsLast(tf.Conv2DBackpropInput, dataFormat);
    const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape as Shape4D, strides, 1, pad, dimRoundingMode);
    return run('convolutionInputGradient', backend as WasmBackend, dy, filter, inputShape, info);
  },
};

function run(
  name: 'convolutionFilterGradient' | 'convolutionInputGradient',
  backend: WasmBackend,
  first: TensorInfo,
  second: TensorInfo,
  shape: readonly number[],
  info: ConvolutionInfo,
): TensorInfo {
  const kernels = kernelsOf(backend);
  const out = allocate(backend, shape);
  const floats = kernels.convolutionScratch(info.inChannels, info.outChannels, info.filterHeight, info.filterWidth);
  withScratch(backend, floats, (scratch) => {
    kernels[name](
      addressOf(backend, first),
      addressOf(backend, second),
      addressOf(backend, out),
      scratch,
      info.batchSize,
      info.inHeight,
      info.inWidth,
      info.inChannels,
      info.outHeight,
      info.outWidth,
      info.outChannels,
      info.filterHeight,
      info.filterWidth,
      info.strideHeight,
      info.strideWidth,
      info.padInfo.top,
      info.padInfo.left,
    );
  });
  return out;
}

/** Throws unless the data format is NHWC. The other convolution kernels of the wasm backend have the same restriction. */
export function assertChannelsLast(kernel: string, dataFormat: string): void {
  if (dataFormat !== 'NHWC') throw new ShapeError(`wasm ${kernel}: expected NHWC for \`dataFormat\`, received ${dataFormat}.`);
}
