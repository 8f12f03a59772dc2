// One training step: forward pass, loss, backward pass, and the update once all results are known to be finite.

import * as tf from '@tensorflow/tfjs-core';
import { notFinite } from './attempt.js';
import type { NamedOptimizer } from './NamedOptimizer.js';

/** What a training step needs. */
export interface Step {
  /** The function that errors name. */
  readonly where: string;
  /** The step and epoch that errors name, for example `step 3 of epoch 0`. */
  readonly place: string;
  readonly optimizer: NamedOptimizer;
  readonly variables: tf.Variable[];
  /** A sentence for errors that says what remains unchanged. @defaultValue that of `notFinite` */
  readonly kept?: string | undefined;
  /** Runs the model in training mode. */
  readonly predict: () => tf.Tensor;
  /** Returns the loss of the predictions. */
  readonly lossOf: (predictions: tf.Tensor) => tf.Scalar;
  /** Receives the results after the model has changed. The predictions are disposed afterwards. */
  readonly onTaken: (predictions: tf.Tensor, loss: number) => Promise<void>;
}

/**
 * Takes a training step and returns its loss.
 *
 * @throws {EffnetError} naming the place, when a result is not finite. The model remains unchanged.
 */
export async function takeStep(step: Step): Promise<number> {
  let predictions: tf.Tensor | undefined;
  try {
    const attempt = step.optimizer.attempt(() => {
      predictions = tf.keep(step.predict());
      return step.lossOf(predictions);
    }, step.variables);
    const loss = await takeIfFinite(step, attempt);
    await step.onTaken(predictions as unknown as tf.Tensor, loss);
    return loss;
  } finally {
    predictions?.dispose();
  }
}

async function takeIfFinite({ where, place, kept }: Step, attempt: ReturnType<NamedOptimizer['attempt']>): Promise<number> {
  const { cost, flag } = attempt;
  try {
    const [[loss = NaN] = [], [unsound]] = await Promise.all([cost?.data(), flag.data()]);
    if (unsound !== 0) {
      const what = Number.isFinite(loss) || cost === undefined ? attempt.describe() : `a finite loss, received ${loss}`;
      throw notFinite(where, what, place, kept);
    }
    attempt.take();
    return loss;
  } catch (error) {
    attempt.drop();
    throw error;
  } finally {
    cost?.dispose();
  }
}
