// Variables that change during a forward pass, such as the moving statistics of BatchNormalization, put back until the step is known to be
// good.

import * as tf from '@tensorflow/tfjs-core';

/** New values by variable. Tensors of the current `tidy`. */
export type Changes = Map<tf.Variable, tf.Tensor>;

/**
 * Runs `work` and takes back what it assigned to variables that do not train, also when it throws.
 *
 * @param skip - Variables that `work` does not touch, such as an optimizer's own.
 * @returns the result, and the values that `work` assigned; to be called within `tf.tidy`.
 */
export function withoutStateChanges<T>(
  work: () => T,
  skip: (variable: tf.Variable) => boolean,
): { readonly result: T; readonly changes: Changes } {
  const before = Object.values(tf.engine().registeredVariables)
    .filter((variable) => !variable.trainable && !skip(variable))
    // A clone keeps the values alive; no backend of the package copies them for it.
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
