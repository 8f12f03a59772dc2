// Creates the layers of planned convolutions, and of the normalization and activation after them.

import * as tfl from '@tensorflow/tfjs-layers';
import { deriveSeed } from '../core/internal.js';
import type { Complete } from '../core/index.js';
import { padName } from '../scaling/internal.js';
import type { Activation, LayerPlan, NormActSpec, Padding } from '../scaling/index.js';
import { activate } from './activate.js';
import { batchNormalization } from './BatchNormalization.js';
import { partResult, type NormActParts } from './blockParts.js';
import type { BuildOptions } from './buildOptions.js';
import { varianceScaling } from './varianceScaling.js';

/** The activations that a convolution layer can apply itself. */
type ConvActivation = 'swish' | 'relu' | 'relu6' | 'linear' | 'sigmoid';

/** Returns whether a convolution layer can apply the activation itself. */
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
    scale: 2,
    distribution: 'truncatedNormal',
    ...(seed === undefined ? {} : { seed: deriveSeed(seed, name) }),
  });
  const pad = padName(layer, padding);
  const margin = (kernelSize - 1) / 2;
  const padded =
    pad === null
      ? x
      : (tfl.layers
          .zeroPadding2d({
            padding: [
              [margin, margin],
              [margin, margin],
            ],
            name: pad,
          })
          .apply(x) as tfl.SymbolicTensor);
  const common = {
    name,
    kernelSize,
    strides,
    padding: pad === null ? 'same' : 'valid',
    useBias: layer.weights.length > 1,
    activation,
  } as const;
  const convolution =
    layer.kind === 'depthwiseConv'
      ? tfl.layers.depthwiseConv2d({ ...common, depthwiseInitializer: initializer })
      : tfl.layers.conv2d({ ...common, filters: layer.outputShape[2], kernelInitializer: initializer });
  return convolution.apply(padded) as tfl.SymbolicTensor;
}

/** Applies a planned normalization and, unless `activationName` is null, the activation. */
export function normAct(
  where: string,
  x: tfl.SymbolicTensor,
  norm: LayerPlan,
  { batchNormMomentum: momentum, batchNormEpsilon: epsilon, activation }: Complete<NormActSpec>,
  activationName: string | null,
  { normalization, activation: ownActivation }: NormActParts,
): tfl.SymbolicTensor {
  const { name } = norm;
  const normalized =
    normalization === undefined
      ? (batchNormalization({ name, momentum, epsilon }).apply(x) as tfl.SymbolicTensor)
      : partResult(where, 'normalization', name, normalization(x, { name, momentum, epsilon }), x.shape);
  return activationName === null ? normalized : activate(normalized, activation, activationName, ownActivation, where);
}
