// Defines what everything in this folder can predict with: a layers model, a runtime, or any object with a `predict` method.

import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../../core/internal.js';
import { OptionError } from '../../core/index.js';
import type { Preprocessing } from '../../image/index.js';
import { checkInUse, modelRemedy } from '../../models/internal.js';

/** An output of {@link Predictor.run}. */
export interface PredictedValues {
  readonly shape: readonly number[];
  /** Values in row-major order. */
  readonly values: Float32Array;
}

/** An object that turns images into probabilities: a `tf.LayersModel`, a runtime of `createRuntime`, or your own. */
export interface Predictor {
  /**
   * Predicts a batch. The caller must dispose the images and the result.
   *
   * @param images - float32 RGB in [0, 255], `[batch, height, width, 3]`.
   * @returns Probabilities, `[batch, classes]`.
   */
  predict(images: tf.Tensor4D): tf.Tensor | tf.Tensor[] | Promise<tf.Tensor | tf.Tensor[]>;
  /** Names of the classes, in the order of the outputs. @defaultValue unknown */
  readonly classNames?: readonly string[] | undefined;
  /** The probability below which the best answer counts as unknown. @defaultValue none */
  readonly unknownThreshold?: number | undefined;
  /** Shape of the input, `[batch, height, width, 3]`, with `null` for variable sizes. @defaultValue unknown: any shape is passed on */
  readonly inputShape?: readonly (number | null)[] | undefined;
  /** How images of any size in [0, 255] are converted to the input. @defaultValue unknown */
  readonly preprocessing?: Preprocessing | undefined;
  /** Whether the predictor was disposed. A disposed predictor is refused before any data is read. @defaultValue false */
  readonly isDisposed?: boolean | undefined;
  /**
   * Predicts a batch without tensors. Functions that take images, such as `classify`, then need no backend of TensorFlow.js.
   *
   * @param values - float32 RGB in [0, 255], in row-major order.
   * @param shape - `[batch, height, width, 3]`.
   * @returns The outputs by name.
   */
  readonly run?: ((values: Float32Array, shape: readonly number[]) => Promise<Readonly<Record<string, PredictedValues>>>) | undefined;
}

/** Accepts any object with a `predict` method. */
export const predictor = rule<LayersModel | Predictor>(
  'a model with `predict`',
  (value) => typeof (value as Predictor | null | undefined)?.predict === 'function',
);

/** @throws {OptionError} when the value has no `predict` method, or is a disposed model or runtime. */
export function checkPredictor(where: string, model: unknown, option = 'model'): asserts model is LayersModel | Predictor {
  check(where, option, model, predictor, modelRemedy(model));
  if ('layers' in model) checkInUse(where, model, option);
  else if (model.isDisposed === true || isDisposedGraph(model)) {
    throw new OptionError(`${where}: expected a model in use for \`${option}\`, received one that is disposed. Load it again.`);
  }
}

/** Whether a value is a graph model of TensorFlow.js whose weights are disposed. Checks for properties, because its package is optional. */
function isDisposedGraph(model: object): boolean {
  const { weights } = model as { readonly weights?: unknown };
  if (typeof weights !== 'object' || weights === null) return false;
  return Object.values(weights)
    .flat()
    .some((weight) => (weight as Partial<tf.Tensor> | null | undefined)?.isDisposed === true);
}
