// Tensors as plain data, in which form they travel between threads.

import * as tf from '@tensorflow/tfjs-core';
import { joinFloats } from '../core/internal.js';

/** A tensor as plain data, which may lie in shared memory. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Reads a tensor into memory that can be sent to another thread. */
export async function toPlain(tensor: tf.Tensor): Promise<PlainTensor> {
  const values = await tensor.data();
  return { shape: tensor.shape, dtype: tensor.dtype as PlainTensor['dtype'], values };
}

/** Creates a tensor, which the caller disposes. */
export function toTensor({ values, shape, dtype }: PlainTensor): tf.Tensor {
  return tf.tensor(values, [...shape], dtype);
}

/** Creates one float32 tensor of the rows of all parts, which the caller disposes. */
export function joinRows(parts: readonly PlainTensor[]): tf.Tensor {
  const [first] = parts as readonly [PlainTensor, ...PlainTensor[]];
  const values = joinFloats(parts.map((part) => part.values));
  return tf.tensor(values, [parts.reduce((sum, { shape }) => sum + (shape[0] as number), 0), ...first.shape.slice(1)]);
}
