// The wasm backend with this package's training kernels.

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { registerWasmTraining } from '../../src/wasm.js';

/** Makes wasm the backend of this process, able to train. */
export async function startWasm(): Promise<void> {
  setWasmPaths(new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname);
  await tf.setBackend('wasm');
  await registerWasmTraining();
}
