// Swish that keeps nothing but its input for the way back; the stock activation keeps the sigmoid as well and multiplies by 1.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/**
 * Swish, `x * sigmoid(x)` (SiLU elsewhere).
 *
 * @see Searching for Activation Functions (arXiv 1710.05941)
 */
export function fusedSwish<T extends tf.Tensor>(x: T): T {
  const apply = tf.customGrad((...parameters) => {
    const [input, save] = parameters as unknown as [T, tf.GradSaveFunc];
    save([input]);
    return {
      value: fused('EffnetSwish', { x: input }, {}, () => tf.mul(input, tf.sigmoid(input))),
      gradFunc: (dy, saved) => gradient(saved[0] as T, dy),
    };
  });
  return apply(x) as T;
}

function gradient(x: tf.Tensor, dy: tf.Tensor): tf.Tensor {
  return fused('EffnetSwishGradient', { x, dy }, {}, () => {
    const s = tf.sigmoid(x);
    return tf.mul(dy, tf.add(s, tf.mul(tf.mul(x, s), tf.sub(1, s))));
  });
}
