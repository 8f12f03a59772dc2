// What TensorFlow.js leaves out when a backend does not start: which file wasm missed and where it looked, and that there is no GPU.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

const gpu = (): { requestAdapter: () => Promise<unknown> } | undefined =>
  (globalThis as { navigator?: { gpu?: { requestAdapter: () => Promise<unknown> } | undefined } | undefined }).navigator?.gpu;

/** Why a package was imported and there is no backend. */
export function whyUnregistered(name: string): string {
  if (name !== 'webgpu' || gpu() !== undefined)
    return `its package registered no backend '${name}' with this copy of @tensorflow/tfjs-core`;
  return 'there is no `navigator.gpu`: the browser has no WebGPU, or the page came neither by https nor from localhost';
}

/**
 * Says what was missing, where TensorFlow.js does not; any other error is returned as it is.
 *
 * @param aborted - Why the wasm file did not start, in the runtime's words.
 */
export async function explainStart(name: string, error: unknown, aborted?: string): Promise<unknown> {
  // TensorFlow.js' words the first time, Emscripten's when it is tried again.
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
    `expected '${file}'${place === undefined ? '' : ` at ${place}`}, which is missing or no wasm file. ` +
      'Serve the .wasm files of @tensorflow/tfjs-backend-wasm and name their place with `setWasmPaths` in `load`; in Node, name their folder with `wasmFolder`.' +
      (aborted === undefined ? '' : ` The runtime says: ${aborted.replaceAll(/\s*\n\s*/g, ' ')}.`),
    { cause },
  );
}

/** The binary that TensorFlow.js takes here. */
async function wasmFile(): Promise<string> {
  const [simd, threads] = await Promise.all(
    ['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => tf.env().getAsync(flag)),
  );
  return `tfjs-backend-wasm${simd === true ? (threads === true ? '-threaded-simd' : '-simd') : ''}.wasm`;
}

/** The address of the last .wasm file that was asked for; Node reads files, of which nothing is recorded. */
async function lastWasmFetched(): Promise<string | undefined> {
  // A browser records a request some time after its answer: that is waited for, a second at most.
  for (let wait = 0; wait < 10 && 'location' in globalThis; wait++) {
    const entry = performance.getEntriesByType('resource').findLast(({ name }) => /\.wasm(?:[?#]|$)/.test(name));
    if (entry !== undefined) return entry.name;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}
