// Builds a model that returns intermediate feature maps.

import * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, invalid, text } from '../core/internal.js';
import { checkModel } from './checkModel.js';
import { metadataOf, setMetadata } from './metadata.js';
import { planOf } from './planOf.js';

/**
 * Returns a model with the same input that outputs the named feature maps, for detection, segmentation or similarity search.
 *
 * `reduction_1` to `reduction_5` are the last feature maps at 1/2 to 1/32 of the input size. Any layer name works too. The two models
 * share their layers: dispose only one of them.
 *
 * @throws {OptionError} when the model has no such layer, or two names refer to the same layer.
 * @example
 * const pyramid = featureExtractor(model, ['reduction_3', 'reduction_4', 'reduction_5']);
 * const [p3, p4, p5] = pyramid.predict(batch) as tf.Tensor[];
 */
export function featureExtractor(model: tfl.LayersModel, names: readonly string[]): tfl.LayersModel {
  checkModel('featureExtractor', model);
  check('featureExtractor', 'names', names, arrayOf(text));
  if (names.length === 0) throw invalid('featureExtractor', 'names', 'at least one layer', names);
  const reductions = new Map((planOf(model).reductions ?? []).map(({ name, layer }) => [name, layer]));
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const taken = new Set<tfl.layers.Layer>();
  const outputs = names.map((name) => {
    const layer = layers.get(reductions.get(name) ?? name);
    if (layer === undefined) {
      const known = [...reductions.keys(), ...[...layers.keys()].slice(-3)].map((key) => `'${key}'`).join(', ');
      throw invalid('featureExtractor', 'names', `names of layers (${known}, ...)`, name);
    }
    if (taken.has(layer)) throw invalid('featureExtractor', 'names', 'different layers', names, `'${layer.name}' is among them twice.`);
    taken.add(layer);
    return layer.output as tfl.SymbolicTensor;
  });
  const result = tfl.model({ inputs: model.inputs, outputs, name: `${model.name}-features` });
  const preprocessing = metadataOf(model)?.preprocessing;
  // The result takes the same images. The plan and the class names describe only the whole model, so they are not copied.
  if (preprocessing !== undefined) setMetadata(result, { format: 1, preprocessing });
  return result;
}
