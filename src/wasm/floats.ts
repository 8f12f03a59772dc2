// Wasm kernels that copy the values of many tensors to or from one array, and add arrays in memory that threads share.

import * as tf from '@tensorflow/tfjs-core';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { FloatSum, FusedKernel } from '../layers/internal.js';
import { addressOf, kernelsOfMemory, type WasmBackend } from './backend.js';

export const floatKernels: readonly KernelConfig[] = [
  copy('EffnetReadFloats', (values, floats, offset) => {
    floats.set(values, offset);
  }),
  copy('EffnetWriteFloats', (values, floats, offset) => {
    values.set(floats.subarray(offset, offset + values.length));
  }),
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

/** Describes a kernel that calls `each` with a view of the values of every tensor. */
function copy(kernelName: FusedKernel, each: (values: Float32Array, floats: Float32Array, offset: number) => void): KernelConfig {
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { floats } = attrs as unknown as { readonly floats: Float32Array };
      let offset = 0;
      for (const tensor of Object.values(inputs as Readonly<Record<string, TensorInfo>>)) {
        const size = tf.util.sizeFromShape(tensor.shape);
        // A tensor of another backend is moved to this one, which may replace the memory.
        const address = addressOf(backend as WasmBackend, tensor);
        each(new Float32Array((backend as WasmBackend).wasm.HEAPU8.buffer, address, size), floats, offset);
        offset += size;
      }
      return [];
    },
  };
}
