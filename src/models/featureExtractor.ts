// A model that ends earlier, or in several places.

import * as tfl from '@tensorflow/tfjs-layers';
import { arrayOf, check, invalid, text } from '../core/internal.js';
import { checkModel } from './checkModel.js';
import { metadataOf, setMetadata } from './metadata.js';
import { planOf } from './planOf.js';

/**
 * A model with the same input and layers that returns the named feature maps, one each; for detectors, segmenters and similarity.
 *
 * `reduction_1` to `reduction_5` are the last maps at a half to a thirty-second of the input; any layer's name works too.
 * The layers are shared: dispose either model, not both.
 *
 * @throws {OptionError} when the model has no such layer, or two names are the same one.
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
  // It takes the same images. The plan and the class names are those of the whole model.
  if (preprocessing !== undefined) setMetadata(result, { format: 1, preprocessing });
  return result;
}
