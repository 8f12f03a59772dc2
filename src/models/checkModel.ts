// Checks the `model` argument of public functions.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';

/** Checks for methods instead of using `instanceof`, because an application may have two copies of TensorFlow.js. */
const layersModel = rule<LayersModel>('a layers model, such as efficientNet returns,', (value) => {
  const { layers, weights, getUserDefinedMetadata } = (value ?? {}) as Partial<LayersModel>;
  return Array.isArray(layers) && Array.isArray(weights) && typeof getUserDefinedMetadata === 'function';
});

/** @throws {OptionError} when the value is not a layers model, for example when it is a promise of one. */
export function checkModel(where: string, model: unknown, option = 'model'): asserts model is LayersModel {
  check(where, option, model, layersModel, model instanceof Promise ? 'Await it first.' : '');
}
