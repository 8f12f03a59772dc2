// Gradient clipping by value, by norm and by global norm.

import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerOptions } from './optimizerOptions.js';
import type { NamedTensor } from './optimizerState.js';

/** The clipping options. At most one of them is set. */
export type ClipOptions = Pick<OptimizerOptions, 'clipValue' | 'clipNorm' | 'globalClipNorm'>;

/** Clipped gradients. */
export interface ClippedGradients {
  readonly gradients: readonly NamedTensor[];
  /** Norms that must be finite: a norm that overflows turns every gradient into 0, so the new weights do not show it. */
  readonly norms: readonly tf.Tensor[];
}

/** Returns whether the options ask for any clipping. */
export function clips({ clipValue, clipNorm, globalClipNorm }: ClipOptions): boolean {
  return [clipValue, clipNorm, globalClipNorm].some((limit) => limit !== undefined);
}

/** Clips gradients. Must be called within `tf.tidy`. */
export function clipGradients(gradients: readonly NamedTensor[], { clipValue, clipNorm, globalClipNorm }: ClipOptions): ClippedGradients {
  if (clipValue !== undefined)
    return { gradients: gradients.map(({ name, tensor }) => ({ name, tensor: tf.clipByValue(tensor, -clipValue, clipValue) })), norms: [] };
  if (clipNorm !== undefined) {
    const norms = gradients.map(({ tensor }) => tf.norm(tensor));
    return {
      gradients: gradients.map(({ name, tensor }, i) => ({ name, tensor: limitNorm(tensor, norms[i] as tf.Tensor, clipNorm) })),
      norms,
    };
  }
  if (globalClipNorm === undefined || gradients.length === 0) return { gradients, norms: [] };
  const norm = tf.sqrt(tf.addN(gradients.map(({ tensor }) => tf.sum(tf.square(tensor)))));
  return { gradients: gradients.map(({ name, tensor }) => ({ name, tensor: limitNorm(tensor, norm, globalClipNorm) })), norms: [norm] };
}

function limitNorm(gradient: tf.Tensor, norm: tf.Tensor, limit: number): tf.Tensor {
  return tf.mul(gradient, tf.div(limit, tf.maximum(norm, limit)));
}
