// Swish with a custom gradient that only needs the input. The stock activation also saves the sigmoid and performs an extra multiplication.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from './fusedKernel.js';

/**
 * Computes the swish activation (SiLU), `x * sigmoid(x)`.
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
