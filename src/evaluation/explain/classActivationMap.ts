// Plain class activation maps: no gradient, where the classifier sits right on the averaged feature map.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { ensureBackend } from '../../backends/index.js';
import { checkOptions } from '../../core/internal.js';
import { ShapeError } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { explained, explainedInput, rectify, targetRule, tensorOf, type HeatMap } from './heatMap.js';
import { preprocessingSource } from '../predict/internal.js';
import { asLayersModel, lastFeatureLayer } from '../../models/internal.js';

/** What is explained. */
export interface ClassActivationMapOptions {
  /** The class that is explained, by index or by a name the model knows. @defaultValue the most probable one */
  readonly target?: number | string | undefined;
  /** How the image becomes the model's input. @defaultValue the model's own, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
}

/**
 * Weights the last feature map by the classifier's own weights; works in inference alone, so on every backend.
 *
 * @param image - RGB in [0, 255], of any size; preprocessed as the model says.
 * @throws {OptionError} when an option or class is unknown, or neither options nor model say how the image is preprocessed.
 * @throws {ShapeError} when anything but average pooling and dropout stands between feature map and classifier.
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
      `${where}: expected average pooling and one dense layer after '${features.name}', received ${types.join(', ')}. Use gradCam.`,
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
    const answer = explained(where, model, await output.data(), target);
    const [, height, width] = maps.shape;
    const heat = tf.tidy(() => {
      const kernel = classifier.getWeights()[0] as tf.Tensor2D;
      const single = kernel.shape[1] === 1;
      const column = tf.squeeze(tf.slice(kernel, [0, single ? 0 : answer.classIndex], [-1, 1]), [1]);
      return tf.sum(tf.mul(maps, single && answer.classIndex === 0 ? tf.neg(column) : column), [0, 3]);
    });
    const values = rectify((await heat.data()) as Float32Array);
    heat.dispose();
    return { width, height, values, box, ...answer };
  } finally {
    tf.dispose([input, maps, output]);
  }
}
