// The loss of a batch, with class weights and sample weights.

import * as tf from '@tensorflow/tfjs-core';
import { OptionError, ShapeError } from '../core/index.js';
import { show, showShape } from '../core/internal.js';
import { reasonOf } from '../models/internal.js';
import type { Loss } from './losses.js';
import { targetsLike } from './targets.js';
import type { StepBatch } from './trainingBatch.js';

/** What the loss of a batch depends on. */
export interface LossContext {
  /** The function that errors name. */
  readonly where: string;
  readonly loss: Loss;
  readonly classWeights: tf.Tensor1D | undefined;
}

/** Returns the mean of the weighted losses of a batch. */
export function meanLoss(context: LossContext, { ys, sampleWeights }: StepBatch, predictions: tf.Tensor, place: string): tf.Scalar {
  const { where, classWeights } = context;
  let losses = lossesOf(context, ys, predictions, place);
  if (classWeights !== undefined)
    losses = tf.mul(losses, tf.sum(tf.mul(targetsLike(where, ys, predictions, 'anything'), classWeights), -1));
  if (sampleWeights !== undefined) {
    if (sampleWeights.rank !== 1 || sampleWeights.shape[0] !== losses.shape[0]) {
      throw new ShapeError(`${where}: expected \`sampleWeights\` ${showShape(losses.shape)}, received ${showShape(sampleWeights.shape)}.`);
    }
    losses = tf.mul(losses, sampleWeights);
  }
  return tf.mean(losses);
}

function lossesOf({ where, loss }: LossContext, ys: tf.Tensor, predictions: tf.Tensor, place: string): tf.Tensor {
  let losses: unknown;
  try {
    losses = loss(ys, predictions);
  } catch (cause) {
    throw new OptionError(
      `${where}: expected losses [${predictions.shape[0]}] from \`loss\` at ${place}, but it threw: ${reasonOf(cause)}.`,
      { cause },
    );
  }
  // The return value of a JavaScript function may be missing.
  if (losses instanceof tf.Tensor) return losses as tf.Tensor;
  throw new OptionError(
    `${where}: expected a function that returns a tensor of losses [${predictions.shape[0]}] for \`loss\`, ` +
      `received ${show(losses)} from it.`,
  );
}
