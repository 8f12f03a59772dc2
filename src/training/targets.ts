// Converts labels of any form to the shape of the predictions.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';
import { showShape } from '../core/internal.js';
import { readNow, readsAtOnce } from '../layers/internal.js';
import { isIndices, labelError, labelProblem, TOLERANCE, type LabelMeaning } from './checkLabels.js';

/**
 * Returns labels as float32 of the predictions' shape `[batch, targets]`. Class indices `[batch]` or `[batch, 1]` become one-hot vectors.
 *
 * On WebGL and WebGPU, where labels cannot be read synchronously, rows of invalid labels become NaN, and so does the loss.
 *
 * @param meaning - What the numbers of a label vector mean.
 * @throws {ShapeError} when labels are neither class indices nor vectors with one number per prediction.
 * @throws {DataError} when a label is out of range, on backends that compute synchronously.
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

/** Returns the targets with NaN in the rows of invalid labels. */
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

/** Returns class indices `[batch]` as float32 `[batch, width]`. */
export function oneHot(indices: tf.Tensor, width: number): tf.Tensor2D {
  // The wasm kernel writes integers whatever type is requested.
  return tf.cast(tf.oneHot(tf.cast(indices, 'int32'), width) as tf.Tensor2D, 'float32');
}
