// Checks whether tensors contain only finite numbers. Losses and outputs do not show it: some wasm kernels turn NaN into a number, and
// relu6 turns Infinity into 6 on every backend.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/** Returns a scalar that is 0 if all numbers of the tensors are finite, and otherwise NaN. The caller must dispose it. */
export function finiteFlag(tensors: readonly tf.Tensor[]): tf.Scalar {
  const floats = tensors.filter(({ dtype, size }) => dtype === 'float32' && size > 0);
  if (floats.length === 0) return tf.scalar(0);
  return fused('EffnetFinite', Object.fromEntries(floats.entries()), {}, () => {
    const [first, ...others] = floats.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [-1])) as [tf.Tensor1D, ...tf.Tensor1D[]];
    // A finite number times 0 is 0. Infinity or NaN times 0 is NaN, and so is the sum.
    return tf.sum<tf.Scalar>(tf.mul(others.length === 0 ? first : tf.concat1d([first, ...others]), 0));
  });
}

/** Returns whether all numbers of the tensors are finite, after waiting for the device. */
export async function areFinite(tensors: readonly tf.Tensor[]): Promise<boolean> {
  const flag = finiteFlag(tensors);
  try {
    return (await flag.data())[0] === 0;
  } finally {
    flag.dispose();
  }
}

/** Returns whether the current backend computes synchronously, so that reading a result does not block. */
export function readsAtOnce(): boolean {
  return SYNCHRONOUS.has(tf.getBackend());
}

const SYNCHRONOUS: ReadonlySet<string> = new Set(['cpu', 'wasm', 'tensorflow']);

/**
 * Returns the values of a tensor synchronously, for callbacks from TensorFlow.js that cannot wait for a promise. Use only if
 * {@link readsAtOnce} is true.
 */
export function readNow(tensor: tf.Tensor): ArrayLike<number> {
  // eslint-disable-next-line no-restricted-syntax -- the one place; nothing stalls on such a backend
  return tensor.dataSync();
}
