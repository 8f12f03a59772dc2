// Makes TensorFlow.js' wasm backend able to train by registering the missing gradient kernels.

import * as tf from '@tensorflow/tfjs-core';
import { activate } from '../backends/internal.js';
import { BackendError } from '../core/index.js';
import { bindKernels } from './backend.js';
import type { WasmBackend } from './backend.js';
import { addKernel, multiplyKernel } from './byChannel.js';
import { convolutionFilterGradient, convolutionInputGradient } from './convolution.js';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise.js';
import { floatKernels } from './floats.js';
import { frozenKernels } from './frozenKernels.js';
import { fusedKernels, normalizeKernel } from './fusedKernels.js';
import { castKernel, identityKernel } from './identity.js';
import { meanKernel, sumKernel } from './reductions.js';

const KERNELS = [
  convolutionFilterGradient,
  convolutionInputGradient,
  depthwiseFilterGradient,
  depthwiseInputGradient,
  ...fusedKernels,
  ...frozenKernels,
  ...floatKernels,
];

/** Kernels that are replaced by faster ones. Cases that the faster kernel does not support use the stock kernel. */
const IMPROVED = [
  [tf.FusedBatchNorm, normalizeKernel],
  [tf.Identity, identityKernel],
  [tf.Cast, castKernel],
  [tf.Sum, sumKernel],
  [tf.Mean, meanKernel],
  [tf.Multiply, multiplyKernel],
  [tf.Add, addKernel],
] as const;

/**
 * Registers the gradient kernels that the wasm backend lacks. They apply to all models in the process. Calling it again has no effect.
 *
 * @returns A promise that resolves when models can be trained. The active backend does not change.
 * @throws {BackendError} when the package \@tensorflow/tfjs-backend-wasm is not imported, its backend does not start, or the runtime does
 *   not support WebAssembly SIMD.
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
  // TensorFlow.js warns when a kernel is overwritten, so the old one is removed first.
  if (exists(tf.getKernel(kernel.kernelName, 'wasm'))) tf.unregisterKernel(kernel.kernelName, 'wasm');
  tf.registerKernel(kernel);
}

/** Returns the wasm backend. Starts it if necessary, without making it the active backend. */
async function startedBackend(): Promise<WasmBackend> {
  // `tf.findBackend` would start a backend that is not ready, a second time if it is already starting.
  const { backendName: inUse, registry } = tf.engine() as { backendName: string | undefined; registry: Record<string, unknown> };
  if (registry['wasm'] === undefined && inUse === 'wasm') await tf.ready().catch(() => undefined);
  if (registry['wasm'] === undefined) {
    try {
      await activate('wasm');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BackendError(`registerWasmTraining: expected the wasm backend to start, received an error: ${reason}`, { cause });
    } finally {
      if (exists(inUse) && inUse !== 'wasm') await tf.setBackend(inUse);
    }
  }
  return registry['wasm'] as WasmBackend;
}

/** Returns whether a value is defined. TensorFlow.js' types do not say that a lookup may return nothing. */
function exists<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
