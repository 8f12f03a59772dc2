// The variables of a model by the names Keras gives them.

import * as tf from '@tensorflow/tfjs-layers';
import { WeightsError } from '../core/index.js';
import { checkModel } from '../models/internal.js';

/** A weight inside a model: read it, or write another tensor of its shape into it. */
export type ModelWeight = tf.layers.Layer['weights'][number];

/**
 * The weights of a model by name, `stem_conv/kernel`; of models nested inside it too. Nothing is copied.
 *
 * @throws {OptionError} when it is no layers model. {@link WeightsError} when two layers have the same name.
 * @example
 * const kernel = namedWeights(model).get('predictions/kernel')?.read(); // owned by the model, not to be disposed
 */
export function namedWeights(model: tf.LayersModel): ReadonlyMap<string, ModelWeight> {
  checkModel('namedWeights', model);
  return namedWeightsFor('namedWeights', model);
}

/** {@link namedWeights} on behalf of another function. */
export function namedWeightsFor(where: string, model: tf.LayersModel): ReadonlyMap<string, ModelWeight> {
  const weights = new Map<string, ModelWeight>();
  const collect = (layers: readonly tf.layers.Layer[]): void => {
    for (const layer of layers) {
      if (layer instanceof tf.LayersModel) {
        collect(layer.layers);
        continue;
      }
      for (const weight of layer.weights) {
        const name = `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`;
        if (weights.has(name))
          throw new WeightsError(`${where}: two weights of '${model.name}' are named '${name}'. Give every layer a name of its own.`);
        weights.set(name, weight);
      }
    }
  };
  collect(model.layers);
  return weights;
}
