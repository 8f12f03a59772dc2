// Multiply and Add of a tensor and a vector along its last axis, as in the normalization of pixels. The stock kernels compute each pixel
// separately, which takes several times as long as the operation on whole SIMD vectors.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, kernelsOf, withScratch } from './backend.js';
import type { WasmBackend } from './backend.js';

export function multiplyKernel(stock: KernelFunc): KernelFunc {
  return byChannel(stock, 'multiplyByChannel');
}

export function addKernel(stock: KernelFunc): KernelFunc {
  return byChannel(stock, 'addByChannel');
}

function byChannel(stock: KernelFunc, name: 'multiplyByChannel' | 'addByChannel'): KernelFunc {
  return (parameters) => {
    const { a, b } = parameters.inputs as { a: TensorInfo; b: TensorInfo };
    const channels = a.shape.at(-1) ?? 1;
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || b.shape.length !== 1 || a.shape.length < 2 || b.shape[0] !== channels)
      return stock(parameters);
    const backend = parameters.backend as WasmBackend;
    const kernels = kernelsOf(backend);
    const out = allocate(backend, a.shape);
    withScratch(backend, kernels.byChannelScratch(channels), (scratch) => {
      const addresses = [a, b, out].map((tensor) => addressOf(backend, tensor));
      kernels[name](...addresses, scratch, tf.util.sizeFromShape(a.shape.slice(0, -1)), channels);
    });
    return out;
  };
}
