// Checks that a backend is ready. Layers create their weights immediately and need one.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';
import { readyBackend } from './activeBackend.js';

/** Throws unless the active TensorFlow.js backend can create tensors. */
export function requireBackend(where: string): void {
  if (readyBackend() === undefined) {
    const name = (tf.getBackend() as string | undefined) ?? '';
    const remedy =
      "Call `await selectBackend()` first (in Node, the one from 'effnet-ts/node'), or start a backend with `await tf.setBackend(...)`.";
    throw new BackendError(
      `${where}: expected a TensorFlow.js backend that is ready, received ${name === '' ? 'none' : `'${name}', not started`}. ${remedy}`,
    );
  }
}
