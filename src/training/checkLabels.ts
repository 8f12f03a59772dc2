// Labels that no class has, found before they are learned from: one-hot encoding would turn them into zeros.

import type * as tf from '@tensorflow/tfjs-core';
import { DataError, ShapeError } from '../core/index.js';
import { showShape } from '../core/internal.js';

/**
 * What the numbers of a label vector mean: shares of classes that exclude each other, one yes or no for each target, or whatever the
 * caller's own loss makes of them.
 */
export type LabelMeaning = 'classes' | 'targets' | 'anything';

/** A function of labels that says what they mean. */
interface Meaningful {
  readonly labelMeaning?: LabelMeaning | undefined;
}

/** What a loss takes the labels for. */
export function meaningOf(loss: (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor): LabelMeaning {
  return (loss as Meaningful).labelMeaning ?? 'anything';
}

/** Float32 sums of mixed labels may miss 0 and 1 by a rounding. */
export const TOLERANCE = 1e-5;

/** Reads the labels of a batch and checks them as {@link labelProblem} does. @throws {DataError} for the first label out of range. */
export async function checkLabels(where: string, labels: tf.Tensor, width: number, meaning: LabelMeaning, place = ''): Promise<void> {
  const isIndex = isIndices(labels, width);
  if (!isIndex && meaning === 'anything') return;
  const problem = labelProblem(await labels.data(), labels, width, meaning);
  if (problem !== undefined) throw labelError(where, problem, place);
}

/** Whether labels `[batch]` or `[batch, 1]` are class indices of `width` classes. */
export function isIndices({ rank, shape }: Pick<tf.Tensor, 'rank' | 'shape'>, width: number): boolean {
  return width > 1 && (rank === 1 || (rank === 2 && shape[1] === 1));
}

/** Throws a ShapeError unless labels are one number per sample, or vectors as wide as the model's output. */
export function checkLabelShape(where: string, option: string, { shape }: tf.Tensor, width: number, place = ''): void {
  if (shape.length === 1 || (shape.length === 2 && (shape[1] === 1 || shape[1] === width))) return;
  const [batch = 0] = shape;
  throw new ShapeError(
    `${where}: expected labels [${batch}] or [${batch}, ${width}] for \`${option}\`, one value per output of the model, ` +
      `received ${showShape(shape)}${place}. Give the model as many outputs as there are classes, for example with \`replaceHead\`.`,
  );
}

/** What is wrong with labels: `labels in [0, 3), one of the model's 3 classes, received 7`; `undefined` where nothing is. */
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
  // Vectors of another width are refused by whoever meets the predictions.
  if (meaning === 'anything' || (shape.length > 1 && shape.at(-1) !== width)) return undefined;
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i++) {
      const value = values[i] as number;
      // NaN fails the comparison, too.
      if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) return `labels in [0, 1], received ${value}`;
      sum += value;
    }
    if (meaning === 'classes' && width > 1 && sum <= TOLERANCE)
      return 'label vectors of one class or of shares of classes, received only zeros';
  }
  return undefined;
}

/** The error of labels out of range. */
export function labelError(where: string, problem: string, place = ''): DataError {
  return new DataError(`${where}: expected ${problem}${place}.`);
}
