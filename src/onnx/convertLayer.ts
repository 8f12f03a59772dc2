// Converts a layer to ONNX operators with the converter for its class. Classes without a converter cannot be exported.

import { activation, leakyRelu, prelu, relu, softmax } from './activations.js';
import { batchNormalization, convolution, rescaling, zeroPadding } from './convolutions.js';
import { layerNormalization } from './layerNormalization.js';
import { inexpressible, type Converter, type LayerContext } from './layerContext.js';
import { ownConverter, type OnnxConverter } from './ownConverter.js';
import { concatenate, dense, globalPooling, identity, merging, pooling, reshape, upSampling } from './shaping.js';
import type { Value } from './value.js';

const CONVERTERS: Readonly<Record<string, Converter>> = {
  Activation: activation,
  Add: merging('Add'),
  Average: merging('Mean'),
  AveragePooling2D: pooling,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: convolution,
  Dense: dense,
  DepthwiseConv2D: convolution,
  Dropout: identity,
  Flatten: reshape,
  GaussianDropout: identity,
  GaussianNoise: identity,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  LayerNormalization: layerNormalization,
  LeakyReLU: leakyRelu,
  Maximum: merging('Max'),
  MaxPooling2D: pooling,
  Minimum: merging('Min'),
  Multiply: merging('Mul'),
  PReLU: prelu,
  ReLU: relu,
  Rescaling: rescaling,
  Reshape: reshape,
  Softmax: softmax,
  SpatialDropout2D: identity,
  UpSampling2D: upSampling,
  ZeroPadding2D: zeroPadding,
};

/**
 * Converts one call of a layer and returns its output.
 *
 * @param own - Custom converters by class name. They take precedence.
 */
export function convertLayer(layer: LayerContext, own: Readonly<Record<string, OnnxConverter>> = {}): Value {
  const ownConvert = Object.hasOwn(own, layer.className) ? own[layer.className] : undefined;
  if (ownConvert !== undefined) return ownConverter(ownConvert)(layer);
  const convert = Object.hasOwn(CONVERTERS, layer.className) ? CONVERTERS[layer.className] : undefined;
  if (convert === undefined) throw inexpressible(layer);
  return convert(layer);
}
