// Teaches TensorFlow.js' wasm backend to train: registers the gradient kernels it lacks.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';
import { bindKernels } from './backend.js';
import type { WasmBackend } from './backend.js';
import { convolutionFilterGradient, convolutionInputGradient } from './convolution.js';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise.js';

const KERNELS = [convolutionFilterGradient, convolutionInputGradient, depthwiseFilterGradient, depthwiseInputGradient];

/**
 * Registers the gradient kernels that the wasm backend lacks, for every model of the process; a second call changes nothing.
 *
 * @returns once models can train; the backend in use stays what it was.
 * @throws {BackendError} when the package \@tensorflow/tfjs-backend-wasm is not imported, or the runtime lacks WebAssembly SIMD.
 * @example
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { registerWasmTraining } from 'effnet-ts/wasm';
 *
 * await tf.setBackend('wasm');
 * await registerWasmTraining();
 */
export async function registerWasmTraining(): Promise<void> {
  if (tf.engine().registryFactory['wasm'] === undefined) {
    throw new BackendError("registerWasmTraining: expected the wasm backend, received none. Import '@tensorflow/tfjs-backend-wasm' first.");
  }
  const previous = tf.engine().backendName;
  if (tf.findBackend('wasm') === null) {
    await tf.setBackend('wasm');
    if (previous !== null && previous !== undefined) await tf.setBackend(previous);
  }
  await bindKernels(tf.findBackend('wasm') as unknown as WasmBackend);
  for (const kernel of KERNELS) {
    if (tf.getKernel(kernel.kernelName, 'wasm') !== null && tf.getKernel(kernel.kernelName, 'wasm') !== undefined) {
      tf.unregisterKernel(kernel.kernelName, 'wasm');
    }
    tf.registerKernel(kernel);
  }
}
