// What every function checks that takes a model.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, rule } from '../core/internal.js';

/** Told by what it can do, for an application may have two copies of TensorFlow.js. */
const layersModel = rule<LayersModel>('a layers model, such as efficientNet returns,', (value) => {
  const { layers, weights, getUserDefinedMetadata } = (value ?? {}) as Partial<LayersModel>;
  return Array.isArray(layers) && Array.isArray(weights) && typeof getUserDefinedMetadata === 'function';
});

/** @throws {OptionError} when the value is no layers model, for example a promise of one. */
export function checkModel(where: string, model: unknown, option = 'model'): asserts model is LayersModel {
  check(where, option, model, layersModel, model instanceof Promise ? 'Await it first.' : '');
}
