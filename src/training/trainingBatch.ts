// The batches of fineTune.

import type * as tf from '@tensorflow/tfjs-core';

/** A batch of training data. The code that iterates over batches disposes them. */
export interface TrainingBatch {
  /** float32 `[batch, height, width, channels]`, or whatever the model takes. */
  readonly xs: tf.Tensor;
  /** Class indices `[batch]`, or vectors `[batch, targets]`. */
  readonly ys: tf.Tensor;
  /** Weight of each sample in the loss, `[batch]`. @defaultValue 1 for each sample */
  readonly sampleWeights?: tf.Tensor | undefined;
}

/** The names of the tensors of a {@link TrainingBatch}. */
export const TRAINING_PARTS = ['xs', 'ys', 'sampleWeights'] as const;

/** A batch of images, or of the features that the frozen part computed from them. */
export interface StepBatch extends Omit<TrainingBatch, 'xs'> {
  readonly xs?: tf.Tensor | undefined;
  readonly features?: readonly tf.Tensor[] | undefined;
}
