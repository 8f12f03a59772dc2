// Predicts a batch of images from a tensor. predictValues.ts predicts from a typed array.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { showShape } from '../../core/internal.js';
import { DataError, ShapeError } from '../../core/index.js';
import { checkInputShape } from '../../data/internal.js';
import { areFinite } from '../../layers/internal.js';
import { inputShapeOf } from './inputShapeOf.js';
import type { Predictor } from './predictor.js';

/** The output of a classifier for a batch. */
export interface Outputs {
  /** `[batch, columns]`, in row-major order. */
  readonly values: Float32Array;
  readonly columns: number;
}

/**
 * Predicts a batch and reads the output. The caller must dispose the images.
 *
 * @param xs - Pixels in [0, 255], `[batch, height, width, channels]`.
 * @throws {ShapeError} when the images do not have the input size of the model, or the output is not one tensor `[batch, classes]`.
 * @throws {DataError} when a pixel is not finite.
 */
export async function predictBatch(where: string, model: LayersModel | Predictor, xs: tf.Tensor4D): Promise<Outputs> {
  checkInputShape(where, 'data', xs.shape, inputShapeOf(model));
  // An async function, so that an error thrown by `predict` rejects the promise that is awaited below.
  const predicted = async (): Promise<tf.Tensor | tf.Tensor[]> => (model as Predictor).predict(xs);
  // The pixels are checked instead of the outputs, because some layers of wasm and ONNX Runtime turn NaN into a number.
  const [isFinite, output] = await Promise.all([areFinite([xs]), predicted()]);
  try {
    if (!isFinite) {
      throw new DataError(
        `${where}: expected images of finite pixels, received NaN or Infinity. Check how the images of the batch are made.`,
      );
    }
    if (Array.isArray(output) || output.shape.length !== 2 || output.shape[0] !== xs.shape[0]) {
      throw notAClassifier(where, xs.shape[0], Array.isArray(output) ? output.map(({ shape }) => shape) : [output.shape]);
    }
    return { values: (await output.data()) as Float32Array, columns: output.shape[1] };
  } finally {
    tf.dispose(output);
  }
}

/** Creates the error for a model whose outputs have other shapes than one `[batch, classes]`. */
export function notAClassifier(where: string, batch: number, shapes: readonly (readonly number[])[]): ShapeError {
  const [only] = shapes;
  const received = shapes.length === 1 && only !== undefined ? showShape(only) : `${shapes.length} outputs`;
  return new ShapeError(
    `${where}: expected a model that returns one tensor [${batch}, classes], received ${received}. Give it a classifier head.`,
  );
}

/** @throws {DataError} when an output of a model is not finite. */
export function checkFiniteOutputs(where: string, values: ArrayLike<number>): void {
  const broken = Array.from(values).find((value) => !Number.isFinite(value));
  if (broken === undefined) return;
  throw new DataError(
    `${where}: expected finite outputs of the model, received ${broken}. The weights of the model are too large or not finite.`,
  );
}
