// Returns the variables of a model by their Keras names.

import type * as tf from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { checkModel, layersOf } from '../models/internal.js';

/** A weight variable of a model. `read` returns its tensor, `write` sets a new tensor of the same shape. */
export type ModelWeight = tf.layers.Layer['weights'][number];

/**
 * Returns the weights of a model by name, such as `stem_conv/kernel`, including those of nested models. Nothing is copied.
 *
 * @throws {OptionError} when the value is not a layers model. {@link WeightsError} when two layers have the same name.
 * @example
 * const kernel = namedWeights(model).get('predictions/kernel')?.read(); // owned by the model: do not dispose it
 */
export function namedWeights(model: tf.LayersModel): ReadonlyMap<string, ModelWeight> {
  checkModel('namedWeights', model);
  return namedWeightsFor('namedWeights', model);
}

/** Same as {@link namedWeights}, for another function. */
export function namedWeightsFor(where: string, model: tf.LayersModel): ReadonlyMap<string, ModelWeight> {
  const weights = new Map<string, ModelWeight>();
  for (const layer of layersOf(model)) {
    for (const weight of layer.weights) {
      const name = `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`;
      if (weights.has(name))
        throw new WeightsError(`${where}: two weights of '${model.name}' are named '${name}'. Give every layer a name of its own.`);
      weights.set(name, weight);
    }
  }
  return weights;
}
