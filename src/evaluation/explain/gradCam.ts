// Computes gradient-weighted class activation maps: the positions of a feature map that increase the score of a class.

import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import {
  checkOptions,
  createRandom,
  invalid,
  nonNegativeInteger,
  oneOf,
  seed as seedRule,
  showShape,
  text,
  type Given,
} from '../../core/internal.js';
import { type Random, ShapeError } from '../../core/index.js';
import type { Pixels, PreprocessingSource } from '../../image/index.js';
import { ensureBackend } from '../../backends/index.js';
import { explained, explainedInput, rectify, targetRule, tensorOf, type HeatMap } from './heatMap.js';
import { preprocessingSource } from '../predict/internal.js';
import { asLayersModel, lastFeatureLayer, withCall, withoutActivation } from '../../models/internal.js';

/** Options of {@link gradCam}. */
export interface GradCamOptions {
  /** Name of the layer whose feature map is weighted. @defaultValue the last layer with a feature map, `top_activation` */
  readonly layer?: string | undefined;
  /** Index or name of the class to explain. @defaultValue the most probable class */
  readonly target?: number | string | undefined;
  /** How the image is converted to the input of the model. @defaultValue the preprocessing stored in the model, see `setPreprocessing` */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** 'gradCam++' is better at finding several objects of the class. @defaultValue 'gradCam' */
  readonly method?: 'gradCam' | 'gradCam++' | undefined;
  /**
   * Number of noisy copies of the image whose maps are averaged, for a smoother map. With 0, only the image itself is used.
   * @defaultValue 0
   */
  readonly smooth?: number | undefined;
  /** Seed of the noise for `smooth`. @defaultValue 0 */
  readonly seed?: number | undefined;
}

// Standard deviation of the noise, as a fraction of the pixel range.
const NOISE = 0.1;

/**
 * Computes a Grad-CAM heat map, which shows the regions of an image that increase the score of a class.
 *
 * The gradient is that of the logit, before softmax or sigmoid, in inference mode. Only the layers after `layer` are differentiated. The
 * caller does not have to dispose anything.
 *
 * @param image - RGB in [0, 255], of any size.
 * @returns A map with the size of the feature map. `overlayHeat` draws it over the image.
 * @throws {OptionError} when an option, class or layer is unknown, several classes have the given name, or the preprocessing is unknown.
 * @throws {ShapeError} when the image is not RGB, or the layer has no feature map or does not contribute to the output.
 * @throws {DataError} when a pixel or an output of the model is not finite.
 * @example
 * const heat = await gradCam(model, photo, { target: 'giant panda' });
 * const overlay = overlayHeat(photo, heat);
 * @see Grad-CAM, arXiv 1610.02391, section 3; Grad-CAM++, arXiv 1710.11063, equations 10 and 19; SmoothGrad, arXiv 1706.03825
 */
export async function gradCam(model: LayersModel, image: Pixels, options: GradCamOptions = {}): Promise<HeatMap> {
  const given = checkOptions('gradCam', options, GRAD_CAM_RULES);
  asLayersModel('gradCam', model);
  return gradCamFor('gradCam', model, image, given);
}

export const GRAD_CAM_RULES = {
  layer: text,
  target: targetRule,
  method: oneOf('gradCam', 'gradCam++'),
  smooth: nonNegativeInteger,
  seed: seedRule,
  preprocessing: preprocessingSource,
} as const;

/** Same as {@link gradCam}, for checked arguments. Errors begin with `where`, the function that the user called. */
export async function gradCamFor(where: string, model: LayersModel, image: Pixels, options: Given<GradCamOptions>): Promise<HeatMap> {
  const { layer: name, target, method = 'gradCam', smooth = 0, seed = 0, preprocessing } = options;
  await ensureBackend();
  const layer = name === undefined ? lastFeatureLayer(where, model) : model.layers.find((one) => one.name === name);
  if (layer === undefined)
    throw invalid(where, 'layer', `the name of a layer of ${model.name}`, name, 'See `model.layers` for their names.');
  const { input: pixels, box } = explainedInput(where, model, image, preprocessing);
  const input = tensorOf(pixels);
  try {
    const { output, shape } = forward(where, model, layer, input);
    const outputs = await output.data();
    output.dispose();
    const explanation = explained(where, model, outputs, target);
    const [, height, width] = shape;
    const sum = new Float32Array(height * width);
    const random = createRandom(seed);
    for (let copy = 0; copy < Math.max(1, smooth); copy++) {
      const heat = tf.tidy(() => heatOf(model, layer, smooth === 0 ? input : noisy(input, random), shape, explanation.classIndex, method));
      const values = (await heat.data()) as Float32Array;
      heat.dispose();
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
    }
    return { width, height, values: rectify(sum), box, ...explanation };
  } finally {
    input.dispose();
  }
}

type MapShape = [batch: number, height: number, width: number, channels: number];

/** Runs the model and returns its output, which the caller must dispose, and the shape of the layer's feature map. */
function forward(where: string, model: LayersModel, layer: layers.Layer, input: tf.Tensor4D): { output: tf.Tensor; shape: MapShape } {
  let shape: number[] | undefined;
  const output = withCall(
    layer,
    (result) => ((shape = result.shape), result),
    () => tf.tidy(() => model.predict(input) as tf.Tensor),
  );
  if (shape?.length === 4) return { output, shape: shape as MapShape };
  output.dispose();
  throw new ShapeError(
    `${where}: expected a layer with a feature map [batch, height, width, channels] for \`layer\`, ` +
      `received '${layer.name}' with ${shape === undefined ? 'no influence on the output' : showShape(shape)}.`,
  );
}

function heatOf(
  model: LayersModel,
  layer: layers.Layer,
  input: tf.Tensor4D,
  shape: MapShape,
  classIndex: number,
  method: 'gradCam' | 'gradCam++',
): tf.Tensor2D {
  let maps: tf.Tensor4D | undefined;
  // Zeros are added to the feature map. Their gradient equals that of the map, and the layers before it are not differentiated.
  const score = (zeros: tf.Tensor): tf.Scalar =>
    withCall(
      layer,
      (result) => {
        maps = tf.keep(tf.clone(result)) as tf.Tensor4D;
        return tf.add(result, zeros);
      },
      () => withoutActivation(model, () => logitOf(model.apply(input, { training: false }) as tf.Tensor2D, classIndex)),
    );
  const gradient = tf.grad(score)(tf.zeros(shape)) as tf.Tensor4D;
  const activation = maps as unknown as tf.Tensor4D;
  const weights = method === 'gradCam' ? tf.mean(gradient, [1, 2], true) : plusPlusWeights(activation, gradient);
  const heat = tf.relu(tf.sum(tf.mul(activation, weights), [0, 3]));
  activation.dispose();
  return heat as tf.Tensor2D;
}

/** Returns the channel weights of Grad-CAM++: the sum of the positive gradients, each weighted by equation 19 of the paper. */
function plusPlusWeights(activation: tf.Tensor4D, gradient: tf.Tensor4D): tf.Tensor {
  const square = tf.square(gradient);
  const sums = tf.sum(activation, [1, 2], true);
  const below = tf.add(tf.mul(square, 2), tf.mul(sums, tf.mul(square, gradient)));
  const alpha = tf.div(square, tf.where(tf.equal(below, 0), tf.onesLike(below), below));
  return tf.sum(tf.mul(alpha, tf.relu(gradient)), [1, 2], true);
}

function logitOf(output: tf.Tensor2D, classIndex: number): tf.Scalar {
  // A single output is the logit of the second of two classes. Its negative is that of the first.
  if (output.shape[1] === 1) return tf.mul(tf.sum(output), classIndex === 1 ? 1 : -1);
  return tf.sum(tf.slice(output, [0, classIndex], [1, 1]));
}

function noisy(input: tf.Tensor4D, random: Random): tf.Tensor4D {
  const noise = Float32Array.from({ length: input.size }, () => random.normal() * NOISE * 255);
  return tf.add(input, tf.tensor4d(noise, input.shape));
}
