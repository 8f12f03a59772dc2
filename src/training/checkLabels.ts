// Checks labels before training uses them. One-hot encoding would silently turn labels out of range into zeros.

import type * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';

/**
 * What the numbers of a label vector mean: `'classes'` are probabilities of mutually exclusive classes, `'targets'` are decisions that do
 * not exclude each other, and `'anything'` is defined by a loss of the user.
 */
export type LabelMeaning = 'classes' | 'targets' | 'anything';

/** A function of labels that states what they mean. */
interface Meaningful {
  readonly labelMeaning?: LabelMeaning | undefined;
}

/** Returns what labels mean to a loss. */
export function meaningOf(loss: (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor): LabelMeaning {
  return (loss as Meaningful).labelMeaning ?? 'anything';
}

/** Rounding errors of mixed labels in float32. */
export const TOLERANCE = 1e-5;

/** Reads and checks the labels of a batch. @throws {DataError} for the first label out of range. */
export async function checkLabels(where: string, labels: tf.Tensor, width: number, meaning: LabelMeaning, place = ''): Promise<void> {
  const isIndex = isIndices(labels, width);
  if (!isIndex && meaning === 'anything') return;
  const problem = labelProblem(await labels.data(), labels, width, meaning);
  if (problem !== undefined) throw labelError(where, problem, place);
}

/** Returns whether labels are class indices `[batch]` or `[batch, 1]` of `width` classes. */
export function isIndices({ rank, shape }: Pick<tf.Tensor, 'rank' | 'shape'>, width: number): boolean {
  return width > 1 && (rank === 1 || (rank === 2 && shape[1] === 1));
}

/** Returns the first problem with labels, for example `labels in [0, 3), one of the model's 3 classes, received 7`, or `undefined`. */
export function labelProblem(
  values: ArrayLike<number>,
  { rank, shape }: Pick<tf.Tensor, 'rank' | 'shape'>,
  width: number,
  meaning: LabelMeaning,
  expected = `labels in [0, ${width}), one of the model's ${width} classes`,
): string | undefined {
  if (isIndices({ rank, shape }, width)) {
    const bad = Array.from(values).find((label) => !(Number.isInteger(label) && label >= 0 && label < width));
    return bad === undefined ? undefined : `${expected}, received ${bad}`;
  }
  // Vectors of another width are rejected where they are compared with the predictions.
  if (meaning === 'anything' || (shape.length > 1 && shape.at(-1) !== width)) return undefined;
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i++) {
      const value = values[i] as number;
      // This also rejects NaN.
      if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) return `labels in [0, 1], received ${value}`;
      sum += value;
    }
    if (meaning === 'classes' && width > 1 && sum <= TOLERANCE)
      return 'label vectors of one class or of class probabilities, received only zeros';
  }
  return undefined;
}

/** Creates the error for labels out of range. */
export function labelError(where: string, problem: string, place = ''): DataError {
  return new DataError(`${where}: expected ${problem}${place}.`);
}
