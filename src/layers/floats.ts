// Copies the values of many tensors to or from one array, without an array or a promise per tensor where the backend can.

import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runFused } from './fusedKernel.js';

/** Copies the values of float32 tensors to `floats`, one tensor after the other. `floats` may be a view of shared memory. */
export async function readFloats(tensors: readonly tf.Tensor[], floats: Float32Array): Promise<void> {
  if (hasKernel('EffnetReadFloats')) {
    runFused('EffnetReadFloats', Object.fromEntries(tensors.entries()), { floats });
    return;
  }
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  let offset = 0;
  for (const each of values) {
    floats.set(each, offset);
    offset += each.length;
  }
}

/** Sets variables to the values of `floats`, one variable after the other. Clones of the variables may change as well. */
export function writeFloats(variables: readonly tf.Variable[], floats: Float32Array): void {
  if (hasKernel('EffnetWriteFloats')) {
    runFused('EffnetWriteFloats', Object.fromEntries(variables.entries()), { floats });
    return;
  }
  tf.tidy(() => {
    let offset = 0;
    for (const variable of variables) variable.assign(tf.tensor(floats.slice(offset, (offset += variable.size)), variable.shape));
  });
}
