// Undoes what a forward pass assigns, such as the moving statistics of BatchNormalization, until the step is known to be finite.

import * as tf from '@tensorflow/tfjs-core';

/** New values by variable. The tensors belong to the current `tf.tidy`. */
export type Changes = Map<tf.Variable, tf.Tensor>;

/**
 * Runs `work` and then restores the non-trainable variables that it changed, even when it throws. Must be called within `tf.tidy`.
 *
 * @param skip - Returns whether `work` leaves a variable alone, for example because it is a slot of the optimizer.
 * @returns the result, and the values that `work` assigned.
 */
export function withoutStateChanges<T>(
  work: () => T,
  skip: (variable: tf.Variable) => boolean,
): { readonly result: T; readonly changes: Changes } {
  const before = Object.values(tf.engine().registeredVariables)
    .filter((variable) => !variable.trainable && !skip(variable))
    // A clone keeps the values alive without copying them.
    .map((variable) => ({ variable, dataId: variable.dataId, values: tf.clone(variable) }));
  const changes: Changes = new Map();
  try {
    return { result: work(), changes };
  } finally {
    for (const { variable, dataId, values } of before) {
      if (variable.dataId === dataId || variable.isDisposed) continue;
      changes.set(variable, tf.clone(variable));
      variable.assign(values);
    }
  }
}
