// The backends on which tests of training run.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { startWasm } from './wasm.js';

/** Names of backends, each with a function that selects it, for `describe.each`. */
export const TRAINING_BACKENDS: readonly (readonly [name: string, start: () => Promise<void>])[] = [
  [
    'cpu',
    async () => {
      await tf.setBackend('cpu');
    },
  ],
  [
    'wasm',
    async () => {
      await startWasm();
      await registerWasmTraining();
    },
  ],
];
