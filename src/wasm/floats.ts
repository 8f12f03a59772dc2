// Wasm kernels that copy the values of many tensors to one array, and add arrays in memory that threads share.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { FloatSum, FusedKernel } from '../layers/internal.js';
import { addressOf, kernelsOfMemory, type WasmBackend } from './backend.js';

export const floatKernels: readonly KernelConfig[] = [
  {
    kernelName: 'EffnetReadFloats' satisfies FusedKernel,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { floats } = attrs as unknown as { readonly floats: Float32Array };
      let offset = 0;
      for (const tensor of Object.values(inputs as Readonly<Record<string, TensorInfo>>)) {
        const size = tf.util.sizeFromShape(tensor.shape);
        // A tensor of another backend is moved to this one, which may replace the memory.
        const address = addressOf(backend as WasmBackend, tensor);
        floats.set(new Float32Array((backend as WasmBackend).wasm.HEAPU8.buffer, address, size), offset);
        offset += size;
      }
      return [];
    },
  },
  {
    kernelName: 'EffnetAddFloats' satisfies FusedKernel,
    backendName: 'wasm',
    kernelFunc: ({ attrs }) => {
      const { memory, to, from, count, toFactor, fromFactor } = attrs as unknown as FloatSum;
      kernelsOfMemory(memory).addFloats(to, from, count, toFactor, fromFactor);
      return [];
    },
  },
];
