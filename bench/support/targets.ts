// Creates targets for training steps.

import * as tf from '@tensorflow/tfjs-core';

/** Returns one-hot targets `[batch, classes]` with one class after the other. The caller must dispose them. */
export function oneHotTargets(batch: number, classes: number): tf.Tensor {
  const labels = Array.from({ length: batch }, (_, i) => i % classes);
  return tf.tidy(() => tf.cast(tf.oneHot(labels, classes), 'float32'));
}
