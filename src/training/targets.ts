// Labels in the form of the predictions, whatever form they come in.

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError, showShape } from '../core/index.js';

/**
 * Labels as float32 of the predictions' shape `[batch, targets]`: class indices `[batch]` or `[batch, 1]` become one-hot.
 *
 * @throws {ShapeError} when they are neither indices nor vectors of that width.
 */
export function targetsLike(where: string, labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor2D {
  const [batch = 0, width = 0] = predictions.shape;
  if (predictions.rank !== 2) throw new ShapeError(`${where}: expected predictions [batch, targets], received ${showShape(predictions.shape)}.`);
  const isIndex = (labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === 1)) && labels.shape[0] === batch;
  if (isIndex && width > 1) return oneHot(tf.reshape(labels, [batch]), width);
  if (isIndex || tf.util.arraysEqual(labels.shape, predictions.shape)) return tf.reshape(tf.cast(labels, 'float32'), [batch, width]);
  throw new ShapeError(`${where}: expected labels [${batch}] or [${batch}, ${width}], received ${showShape(labels.shape)}.`);
}

/** Class indices `[batch]` as float32 `[batch, width]`. */
export function oneHot(indices: tf.Tensor, width: number): tf.Tensor2D {
  // The wasm kernel writes integers, whatever type it is asked for.
  return tf.cast(tf.oneHot(tf.cast(indices, 'int32'), width) as tf.Tensor2D, 'float32');
}
