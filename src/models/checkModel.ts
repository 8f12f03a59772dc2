// Checks the `model` argument of public functions.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../core/index.js';
import { check, rule } from '../core/internal.js';

/** Checks for methods instead of using `instanceof`, because an application may have two copies of TensorFlow.js. */
const layersModel = rule<LayersModel>('a layers model, such as efficientNet returns,', (value) => {
  const { layers, weights, getUserDefinedMetadata } = (value ?? {}) as Partial<LayersModel>;
  return Array.isArray(layers) && Array.isArray(weights) && typeof getUserDefinedMetadata === 'function';
});

/** @throws {OptionError} when the value is not a layers model, for example when it is a promise of one. */
export function checkModel(where: string, model: unknown, option = 'model'): asserts model is LayersModel {
  check(where, option, model, layersModel, modelRemedy(model));
  checkInUse(where, model, option);
}

/** What to do instead of passing an object that contains the model, as `trainHead` returns one. */
export function modelRemedy(value: unknown): string {
  return layersModel.accepts((value as { readonly model?: unknown } | null | undefined)?.model) ? 'Pass its `model`.' : '';
}

/** @throws {OptionError} when the model is disposed, or some of its layers or weights are. */
export function checkInUse(where: string, model: LayersModel, option = 'model'): void {
  if (!isReleased(model) && !model.layers.some(isReleased) && !model.weights.some(isFreed)) return;
  const isTakenOver = !isReleased(model) && model.layers.some(({ weights }) => weights.length > 0 && !weights.some(isFreed));
  const remedy = isTakenOver ? ' If trainHead or replaceHead took its layers over, use the model that it returned.' : '';
  throw new OptionError(`${where}: expected a model in use for \`${option}\`, received one that is disposed.${remedy}`);
}

// TensorFlow.js counts the models that use a layer, but has no public way to read the count.
const isReleased = (layer: layers.Layer): boolean => (layer as unknown as { readonly _refCount: number | null })._refCount === 0;

function isFreed(weight: LayersModel['weights'][number]): boolean {
  const { val } = weight as unknown as { readonly val?: unknown };
  // `tf.disposeVariables` does not mark the variables that it frees. `val` is no `tf.Variable` where there are two copies of TensorFlow.js.
  return val instanceof tf.Variable && (val.isDisposed || tf.engine().registeredVariables[val.name] !== val);
}
