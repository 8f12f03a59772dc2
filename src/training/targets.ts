// Labels in the form of the predictions, whatever form they come in.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';
import { showShape } from '../core/internal.js';
import { readNow, readsAtOnce } from '../layers/internal.js';
import { isIndices, labelError, labelProblem, TOLERANCE, type LabelMeaning } from './checkLabels.js';

/**
 * Labels as float32 of the predictions' shape `[batch, targets]`: class indices `[batch]` or `[batch, 1]` become one-hot.
 *
 * A backend that is read later cannot throw for labels that no class has: their rows become NaN there, and so does the loss.
 *
 * @param meaning - What the numbers of a vector mean.
 * @throws {ShapeError} when they are neither indices nor vectors of that width.
 * @throws {DataError} when a label is out of range, on backends that compute on this thread.
 */
export function targetsLike(where: string, labels: tf.Tensor, predictions: tf.Tensor, meaning: LabelMeaning): tf.Tensor2D {
  const [batch = 0, width = 0] = predictions.shape;
  if (predictions.rank !== 2)
    throw new ShapeError(`${where}: expected predictions [batch, targets], received ${showShape(predictions.shape)}.`);
  const isIndex = (labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === 1)) && labels.shape[0] === batch;
  if (!isIndex && !tf.util.arraysEqual(labels.shape, predictions.shape)) {
    throw new ShapeError(`${where}: expected labels [${batch}] or [${batch}, ${width}], received ${showShape(labels.shape)}.`);
  }
  const problem = readsAtOnce() ? labelProblem(readNow(labels), labels, width, meaning) : undefined;
  if (problem !== undefined) throw labelError(where, problem);
  const hasClasses = isIndices(labels, width);
  const targets = hasClasses
    ? oneHot(tf.reshape(labels, [batch]), width)
    : tf.reshape<tf.Rank.R2>(tf.cast(labels, 'float32'), [batch, width]);
  if (readsAtOnce()) return targets;
  return spoiled(targets, hasClasses ? tf.reshape(labels, [batch, 1]) : targets, hasClasses ? width : undefined, meaning);
}

/** The targets, with NaN where no class has the label. */
function spoiled(targets: tf.Tensor2D, labels: tf.Tensor, classes: number | undefined, meaning: LabelMeaning): tf.Tensor2D {
  if (classes === undefined && meaning === 'anything') return targets;
  const values = tf.cast(labels, 'float32');
  const highest = classes === undefined ? 1 : classes - 1;
  const inRange = tf.logicalAnd(tf.greaterEqual(values, -TOLERANCE), tf.lessEqual(values, highest + TOLERANCE));
  let isSound: tf.Tensor = classes === undefined ? inRange : tf.logicalAnd(inRange, tf.equal(tf.floor(values), values));
  if (classes === undefined && meaning === 'classes' && targets.shape[1] > 1)
    isSound = tf.logicalAnd(isSound, tf.greater(tf.sum(targets, -1, true), TOLERANCE));
  return tf.add(targets, tf.where(isSound, tf.zeros(isSound.shape), tf.fill(isSound.shape, NaN)));
}

/** Class indices `[batch]` as float32 `[batch, width]`. */
export function oneHot(indices: tf.Tensor, width: number): tf.Tensor2D {
  // The wasm kernel writes integers, whatever type it is asked for.
  return tf.cast(tf.oneHot(tf.cast(indices, 'int32'), width) as tf.Tensor2D, 'float32');
}
