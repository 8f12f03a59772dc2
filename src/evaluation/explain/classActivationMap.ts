// Computes class activation maps without gradients, for models whose classifier follows directly on the pooled feature map.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { checkOptions } from '../../core/internal.js';
import { ShapeError } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { explained, explainedInput, rectify, targetRule, tensorOf, type HeatMap } from './heatMap.js';
import { preprocessingSource } from '../predict/internal.js';
import { asLayersModel, lastFeatureLayer } from '../../models/internal.js';

/** Options of {@link classActivationMap}. */
export interface ClassActivationMapOptions {
  /** Index or name of the class to explain. @defaultValue the most probable class */
  readonly target?: number | string | undefined;
  /** How the image is converted to the input of the model. @defaultValue the preprocessing stored in the model, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
}

/**
 * Computes a class activation map: the sum of the channels of the last feature map, weighted by the classifier's weights for a class.
 *
 * It needs no gradients, so it works on every backend. The caller does not have to dispose anything.
 *
 * @param image - RGB in [0, 255], of any size.
 * @returns A map with the size of the feature map. `overlayHeat` draws it over the image.
 * @throws {OptionError} when an option or class is unknown, several classes have the given name, or the preprocessing is unknown.
 * @throws {ShapeError} when the image is not RGB, or there are layers other than average pooling and dropout between the feature map and
 *   the classifier.
 * @throws {DataError} when a pixel or an output of the model is not finite.
 * @example
 * const heat = await classActivationMap(model, photo);
 * @see Learning deep features for discriminative localization, arXiv 1512.04150, section 2
 */
export async function classActivationMap(model: tfl.LayersModel, image: Pixels, options: ClassActivationMapOptions = {}): Promise<HeatMap> {
  const where = 'classActivationMap';
  const { target, preprocessing } = checkOptions(where, options, { target: targetRule, preprocessing: preprocessingSource });
  asLayersModel(where, model);
  await ensureBackend();
  const features = lastFeatureLayer(where, model);
  const after = model.layers.slice(model.layers.indexOf(features) + 1);
  const classifier = after.at(-1) as tfl.layers.Layer;
  const types = after.map((layer) => layer.getClassName()).filter((type) => type !== 'Dropout' && type !== 'EffnetDropout');
  if (types.join(' ') !== 'GlobalAveragePooling2D Dense') {
    throw new ShapeError(
      `${where}: expected average pooling and one dense layer after '${features.name}', received ${types.join(', ')}. Use gradCam instead.`,
    );
  }
  const { input: pixels, box } = explainedInput(where, model, image, preprocessing);
  const input = tensorOf(pixels);
  const probe = tfl.model({
    inputs: model.inputs,
    outputs: [features.output as tfl.SymbolicTensor, model.outputs[0] as tfl.SymbolicTensor],
  });
  const [maps, output] = probe.predict(input) as [tf.Tensor4D, tf.Tensor2D];
  try {
    const explanation = explained(where, model, await output.data(), target);
    const [, height, width] = maps.shape;
    const heat = tf.tidy(() => {
      const kernel = classifier.getWeights()[0] as tf.Tensor2D;
      const single = kernel.shape[1] === 1;
      const column = tf.squeeze(tf.slice(kernel, [0, single ? 0 : explanation.classIndex], [-1, 1]), [1]);
      return tf.sum(tf.mul(maps, single && explanation.classIndex === 0 ? tf.neg(column) : column), [0, 3]);
    });
    const values = rectify((await heat.data()) as Float32Array);
    heat.dispose();
    return { width, height, values, box, ...explanation };
  } finally {
    tf.dispose([input, maps, output]);
  }
}
