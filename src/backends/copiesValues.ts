// Checks whether the active backend copies the values of new tensors.

import * as tf from '@tensorflow/tfjs-core';

/** Returns whether creating a tensor copies its values, so that the caller may reuse the array. Other backends keep a reference to it. */
export function copiesValues(): boolean {
  return tf.getBackend() === 'wasm';
}
