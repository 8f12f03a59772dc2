// What becomes of the array a tensor is made from.

import * as tf from '@tensorflow/tfjs-core';

/** Whether the backend copies the values of a tensor at once, so that their array may be used again; others keep the array itself. */
export function copiesValues(): boolean {
  return tf.getBackend() === 'wasm';
}
