// Starts the backend of most numeric tests.

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** Selects wasm as the backend of this process. */
export async function startWasm(): Promise<void> {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  setWasmPaths(`${folder}/dist/`);
  await tf.setBackend('wasm');
  await tf.ready();
}
