// Starts the wasm backend with the training kernels of this package.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerWasmTraining } from '../../src/wasm.js';

/** Selects wasm and registers the training kernels. */
export async function startWasm(): Promise<void> {
  setWasmPaths(new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname);
  await tf.setBackend('wasm');
  await registerWasmTraining();
}
