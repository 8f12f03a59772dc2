// Whether the numbers of tensors are finite, in one result for any number of them. Losses and outputs do not tell: several wasm kernels of
// TensorFlow.js turn NaN into a number, and relu6 turns Infinity into 6 on every backend.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/** A scalar that is 0 where all numbers of the tensors are finite, and NaN where one is not; the caller disposes it. */
export function finiteFlag(tensors: readonly tf.Tensor[]): tf.Scalar {
  const floats = tensors.filter(({ dtype, size }) => dtype === 'float32' && size > 0);
  if (floats.length === 0) return tf.scalar(0);
  return fused('EffnetFinite', Object.fromEntries(floats.entries()), {}, () => {
    const [first, ...others] = floats.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [-1])) as [tf.Tensor1D, ...tf.Tensor1D[]];
    // A finite number times 0 is 0; anything else is NaN, which the sum keeps.
    return tf.sum<tf.Scalar>(tf.mul(others.length === 0 ? first : tf.concat1d([first, ...others]), 0));
  });
}

/** Whether the numbers of all tensors are finite; waits for the device. */
export async function areFinite(tensors: readonly tf.Tensor[]): Promise<boolean> {
  const flag = finiteFlag(tensors);
  try {
    return (await flag.data())[0] === 0;
  } finally {
    flag.dispose();
  }
}

/** Whether the current backend computes on this thread, so that reading a result waits for nothing. */
export function readsAtOnce(): boolean {
  return SYNCHRONOUS.has(tf.getBackend());
}

const SYNCHRONOUS: ReadonlySet<string> = new Set(['cpu', 'wasm', 'tensorflow']);

/** The values of a tensor, on a backend of {@link readsAtOnce}: for calls from TensorFlow.js, which do not wait for a promise. */
export function readNow(tensor: tf.Tensor): ArrayLike<number> {
  // eslint-disable-next-line no-restricted-syntax -- the one place; nothing stalls on such a backend
  return tensor.dataSync();
}
