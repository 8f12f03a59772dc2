// Layers make their weights at once, so a backend must be ready before the first one.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../core/index.js';

/** Throws unless TensorFlow.js has a backend that can make tensors now. */
export function requireBackend(where: string): void {
  const name = (tf.getBackend() as string | undefined) ?? '';
  // A backend that was named but not yet started (wasm starts asynchronously) is not in the registry of live ones.
  if (name === '' || (tf.findBackend(name) as unknown) == null) {
    const remedy =
      "Call `await selectBackend()` first (in Node, that of 'effnet-ts/node'), or start one of your own with `await tf.setBackend(...)`.";
    throw new BackendError(
      `${where}: expected a TensorFlow.js backend that is ready, received ${name === '' ? 'none' : `'${name}', not started`}. ${remedy}`,
    );
  }
}
