// What TensorFlow.js leaves out when its wasm binary cannot be read: which file it was, and where it looked.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

/** Names the file that wasm did not find; any other error is returned as it is. */
export async function nameMissingWasm(error: unknown): Promise<unknown> {
  const message = (error as { readonly message?: unknown } | null)?.message;
  if (typeof message !== 'string' || !message.includes('can serve the `.wasm` file')) return error;
  const file = await wasmFile();
  const place = await lastWasmFetched();
  return new BackendError(
    `expected '${file}'${place === undefined ? '' : ` at ${place}`}, which is missing or no wasm file. ` +
      'Serve the .wasm files of @tensorflow/tfjs-backend-wasm and name their place with `setWasmPaths` in `load`; in Node, name their folder with `wasmFolder`.',
    { cause: error },
  );
}

/** The binary that TensorFlow.js takes here. */
async function wasmFile(): Promise<string> {
  const [simd, threads] = await Promise.all(['WASM_HAS_SIMD_SUPPORT', 'WASM_HAS_MULTITHREAD_SUPPORT'].map((flag) => tf.env().getAsync(flag)));
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
