// TensorFlow.js hands a layer one tensor or a list of one.

import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';

/** The one input of a layer's call. */
export function onlyTensor(layer: string, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const [x, ...rest] = Array.isArray(inputs) ? inputs : [inputs];
  if (x === undefined || rest.length > 0)
    throw new ShapeError(`${layer}: expected one tensor, received ${rest.length + (x === undefined ? 0 : 1)}.`);
  return x;
}
