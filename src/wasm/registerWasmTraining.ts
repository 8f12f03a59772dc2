// Teaches TensorFlow.js' wasm backend to train: registers the gradient kernels it lacks.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';
import { bindKernels } from './backend.js';
import type { WasmBackend } from './backend.js';
import { convolutionFilterGradient, convolutionInputGradient } from './convolution.js';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise.js';
import { fusedKernels, normalizeKernel } from './fusedKernels.js';
import { castKernel, identityKernel } from './identity.js';
import { meanKernel, sumKernel } from './reductions.js';

const KERNELS = [convolutionFilterGradient, convolutionInputGradient, depthwiseFilterGradient, depthwiseInputGradient, ...fusedKernels];

/** Stock kernels with a faster way for the cases of training. */
const IMPROVED = [
  [tf.FusedBatchNorm, normalizeKernel],
  [tf.Identity, identityKernel],
  [tf.Cast, castKernel],
  [tf.Sum, sumKernel],
  [tf.Mean, meanKernel],
] as const;

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
  await bindKernels(await startedBackend());
  if (exists(tf.getKernel('EffnetMoments', 'wasm'))) return;
  for (const kernel of KERNELS) register(kernel);
  for (const [name, improve] of IMPROVED) {
    const stock = tf.getKernel(name, 'wasm');
    register({ ...stock, kernelFunc: improve(stock.kernelFunc) });
  }
}

function register(kernel: tf.KernelConfig): void {
  // TensorFlow.js warns when a kernel is replaced, so the old one goes first.
  if (exists(tf.getKernel(kernel.kernelName, 'wasm'))) tf.unregisterKernel(kernel.kernelName, 'wasm');
  tf.registerKernel(kernel);
}

/** The wasm backend, started if it was not, without becoming the one in use. */
async function startedBackend(): Promise<WasmBackend> {
  const inUse: string | undefined = tf.engine().backendName;
  if (!exists(tf.findBackend('wasm'))) {
    await tf.setBackend('wasm');
    if (exists(inUse)) await tf.setBackend(inUse);
  }
  return tf.findBackend('wasm') as unknown as WasmBackend;
}

/** TensorFlow.js' types hide that what it looks up may be missing. */
function exists<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
