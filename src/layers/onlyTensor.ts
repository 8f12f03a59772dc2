// Unpacks the input of a layer. TensorFlow.js passes either a tensor or a list with one tensor.

import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/index.js';

/** Returns the only input of a layer. */
export function onlyTensor(layer: string, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  const [x, ...rest] = Array.isArray(inputs) ? inputs : [inputs];
  if (x === undefined || rest.length > 0)
    throw new ShapeError(`${layer}: expected one tensor, received ${rest.length + (x === undefined ? 0 : 1)}.`);
  return x;
}
