// The update rules of optimizers with one operation per weight, where the backend has a kernel for it.

import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../layers/internal.js';

/** Returns the new weight of gradient descent. */
export function descentUpdate(weight: tf.Tensor, gradient: tf.Tensor, rate: number): tf.Tensor {
  return fused<tf.Tensor>('EffnetDescentUpdate', { weight, gradient }, { rate }, () => tf.add(weight, tf.mul(gradient, -rate)));
}

/** Returns the new weight and velocity of gradient descent with momentum. */
export function momentumUpdate(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor,
  factors: { readonly rate: number; readonly momentum: number; readonly nesterov: boolean },
): [weight: tf.Tensor, velocity: tf.Tensor] {
  return fused<[tf.Tensor, tf.Tensor]>('EffnetMomentumUpdate', { weight, gradient, velocity }, factors, () => {
    const { rate, momentum, nesterov } = factors;
    const change = tf.mul(gradient, -rate);
    const updated = tf.add(tf.mul(velocity, momentum), change);
    return [tf.add(weight, nesterov ? tf.add(tf.mul(updated, momentum), change) : updated), updated];
  });
}

/**
 * Returns the new weight, mean and mean square of Adam.
 *
 * @param factors - `rate` includes the bias corrections.
 */
export function adamUpdate(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  mean: tf.Tensor,
  meanSquare: tf.Tensor,
  factors: { readonly rate: number; readonly beta1: number; readonly beta2: number; readonly epsilon: number },
): [weight: tf.Tensor, mean: tf.Tensor, meanSquare: tf.Tensor] {
  return fused<[tf.Tensor, tf.Tensor, tf.Tensor]>('EffnetAdamUpdate', { weight, gradient, mean, meanSquare }, factors, () => {
    const { rate, beta1, beta2, epsilon } = factors;
    const first = tf.add(mean, tf.mul(tf.sub(gradient, mean), 1 - beta1));
    const second = tf.add(meanSquare, tf.mul(tf.sub(tf.square(gradient), meanSquare), 1 - beta2));
    return [tf.sub(weight, tf.div(tf.mul(first, rate), tf.add(tf.sqrt(second), epsilon))), first, second];
  });
}
