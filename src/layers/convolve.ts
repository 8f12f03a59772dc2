// Planned convolutions as layers, and the normalization and activation that follow them.

import * as tfl from '@tensorflow/tfjs-layers';
import { deriveSeed, type Complete } from '../core/index.js';
import { padName, type Activation, type LayerPlan, type NormActSpec, type Padding } from '../scaling/index.js';
import { activate } from './activate.js';
import { batchNormalization } from './BatchNormalization.js';
import { varianceScaling } from './varianceScaling.js';

/** What building needs beyond the plan. */
export interface BuildOptions {
  /** The same seed makes the same initial weights and dropout. @defaultValue unpredictable */
  readonly seed?: number | undefined;
}

/** What a convolution can apply itself. */
type ConvActivation = 'swish' | 'relu' | 'relu6' | 'linear' | 'sigmoid';

/** Tells the activations that need no layer of their own after a convolution. */
export function isConvActivation(activation: Activation): activation is Activation & ConvActivation {
  return activation !== 'leakyRelu' && activation !== 'hardSwish';
}

/** Applies a planned convolution, full or depthwise. */
export function convolve(
  x: tfl.SymbolicTensor,
  layer: LayerPlan,
  padding: Padding,
  { seed }: BuildOptions,
  activation: ConvActivation = 'linear',
): tfl.SymbolicTensor {
  const { name, kernelSize, strides } = layer;
  const initializer = varianceScaling({
    scale: 2, distribution: 'truncatedNormal', ...(seed === undefined ? {} : { seed: deriveSeed(seed, name) }),
  });
  const pad = padName(layer, padding);
  const margin = (kernelSize - 1) / 2;
  const padded = pad === null
    ? x
    : (tfl.layers.zeroPadding2d({ padding: [[margin, margin], [margin, margin]], name: pad }).apply(x) as tfl.SymbolicTensor);
  const common = { name, kernelSize, strides, padding: pad === null ? 'same' : 'valid', useBias: layer.weights.length > 1, activation } as const;
  const convolution = layer.kind === 'depthwiseConv'
    ? tfl.layers.depthwiseConv2d({ ...common, depthwiseInitializer: initializer })
    : tfl.layers.conv2d({ ...common, filters: layer.outputShape[2], kernelInitializer: initializer });
  return convolution.apply(padded) as tfl.SymbolicTensor;
}

/** Applies planned normalization and, unless `activationName` is null, the activation. */
export function normAct(
  x: tfl.SymbolicTensor,
  norm: LayerPlan,
  { batchNormMomentum, batchNormEpsilon, activation }: Complete<NormActSpec>,
  activationName: string | null,
): tfl.SymbolicTensor {
  const layer = batchNormalization({ name: norm.name, momentum: batchNormMomentum, epsilon: batchNormEpsilon });
  const normalized = layer.apply(x) as tfl.SymbolicTensor;
  return activationName === null ? normalized : activate(normalized, activation, activationName);
}
