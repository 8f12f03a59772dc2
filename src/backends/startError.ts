// Adds missing information to TensorFlow.js' errors when a backend does not start: the missing wasm file, or the missing GPU.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

const gpu = (): { requestAdapter: () => Promise<unknown> } | undefined =>
  (globalThis as { navigator?: { gpu?: { requestAdapter: () => Promise<unknown> } | undefined } | undefined }).navigator?.gpu;

/** Returns why importing a package did not register a backend. */
export function whyUnregistered(name: string): string {
  if (name !== 'webgpu' || gpu() !== undefined)
    return `its package registered no backend '${name}' with this copy of @tensorflow/tfjs-core`;
  return 'there is no `navigator.gpu`: the browser has no WebGPU, or the page came neither by https nor from localhost';
}

/**
 * Returns a more detailed error if TensorFlow.js does not name the cause, otherwise the same error.
 *
 * @param aborted - The reason that the runtime gives for the failure of the wasm file.
 */
export async function explainStart(name: string, error: unknown, aborted?: string): Promise<unknown> {
  // TensorFlow.js' message on the first attempt, and Emscripten's on later ones.
  if (name === 'wasm' && /can serve the `\.wasm` file|^Aborted\(/.test(messageOf(error))) return missingWasm(error, aborted);
  if (name === 'webgpu' && (await gpu()?.requestAdapter()) === null) {
    return new BackendError('the browser found no GPU adapter for WebGPU: there is no GPU, or its driver is not supported', {
      cause: error,
    });
  }
  return error;
}

function messageOf(error: unknown): string {
  return String((error as { readonly message?: unknown } | null)?.message);
}

async function missingWasm(cause: unknown, aborted: string | undefined): Promise<BackendError> {
  const file = await wasmFile();
  const place = await lastWasmFetched();
  return new BackendError(
    `expected '${file}'${place === undefined ? '' : ` at ${place}`}, which is missing or not a wasm file. ` +
      'Serve the .wasm files of @tensorflow/tfjs-backend-wasm and pass their URL to `setWasmPaths` in `load`; in Node, pass their folder as `wasmFolder`.' +
      (aborted === undefined ? '' : ` The runtime says: ${aborted.replaceAll(/\s*\n\s*/g, ' ')}.`),
    { cause },
  );
}

/** Returns the name of the wasm file that TensorFlow.js loads on this platform. */
async function wasmFile(): Promise<string> {
  const [simd, threads] = await Promise.all(
    ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => tf.env().getAsync(flag)),
  );
  return `tfjs-backend-wasm${simd === true ? (threads === true ? '-threaded-simd' : '-simd') : ''}.wasm`;
}

/** Returns the URL of the last requested .wasm file. Returns `undefined` in Node.js, which reads it from disk. */
async function lastWasmFetched(): Promise<string | undefined> {
  // Browsers record a request some time after its response, so this waits up to one second.
  for (let wait = 0; wait < 10 && 'location' in globalThis; wait++) {
    const entry = performance.getEntriesByType('resource').findLast(({ name }) => /\.wasm(?:[?#]|$)/.test(name));
    if (entry !== undefined) return entry.name;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}
