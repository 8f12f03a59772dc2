// One weight-bearing layer as arithmetic: its weights, shapes and cost. No tensor is made here.

import type { Padding } from './variants.js';

/** A picture or feature map without its batch: `[height, width, channels]`, `null` where any size is taken. */
export type FeatureShape = readonly [height: number | null, width: number | null, channels: number];

/** What a layer does in its network; the key that naming layouts translate. */
export type LayerRole =
  | 'stemConv'
  | 'stemNorm'
  | 'expandConv'
  | 'expandNorm'
  | 'depthwiseConv'
  | 'depthwiseNorm'
  | 'seReduce'
  | 'seExpand'
  | 'projectConv'
  | 'projectNorm'
  | 'topConv'
  | 'topNorm'
  | 'predictions'
  /** A layer that is not the library's, or replaces one of the library's. */
  | 'own';

/** One array of weights. */
export interface WeightPlan {
  /** `layer/weight` as in Keras, for example `stem_conv/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** False for the moving statistics of a BatchNormalization. */
  readonly trainable: boolean;
}

/** A layer that owns weights. */
export interface LayerPlan {
  readonly name: string;
  readonly kind: 'conv' | 'depthwiseConv' | 'batchNorm' | 'dense' | 'other';
  readonly role: LayerRole;
  readonly kernelSize: number;
  readonly strides: 1 | 2;
  readonly inputShape: FeatureShape;
  readonly outputShape: FeatureShape;
  readonly weights: readonly WeightPlan[];
  /** Multiply-adds per image, those of convolutions and dense layers; `null` while the input size is open. */
  readonly multiplyAdds: number | null;
}

/** Numbers of parameters. */
export interface ParameterCount {
  readonly trainable: number;
  /** Moving statistics of BatchNormalization. */
  readonly nonTrainable: number;
  readonly total: number;
}

/** What every planned layer is told. */
export interface LayerPlace {
  readonly name: string;
  readonly role: LayerRole;
  readonly input: FeatureShape;
}

/** Plans a convolution; `bias` only where squeeze-and-excitation has one. */
export function planConv(
  { name, role, input }: LayerPlace,
  {
    filters,
    kernelSize = 1,
    strides = 1,
    bias = false,
  }: { filters: number; kernelSize?: number | undefined; strides?: 1 | 2 | undefined; bias?: boolean | undefined },
): LayerPlan {
  const kernel = [kernelSize, kernelSize, input[2], filters];
  const outputShape = strided(input, strides, filters);
  const biasWeight = bias ? [{ name: `${name}/bias`, shape: [filters], trainable: true }] : [];
  return {
    name,
    role,
    kind: 'conv',
    kernelSize,
    strides,
    inputShape: input,
    outputShape,
    weights: [{ name: `${name}/kernel`, shape: kernel, trainable: true }, ...biasWeight],
    multiplyAdds: times(outputShape, size(kernel) / filters),
  };
}

/** Plans a depthwise convolution of multiplier 1. */
export function planDepthwise({ name, role, input }: LayerPlace, kernelSize: number, strides: 1 | 2): LayerPlan {
  const outputShape = strided(input, strides, input[2]);
  return {
    name,
    role,
    kind: 'depthwiseConv',
    kernelSize,
    strides,
    inputShape: input,
    outputShape,
    weights: [{ name: `${name}/depthwise_kernel`, shape: [kernelSize, kernelSize, input[2], 1], trainable: true }],
    multiplyAdds: times(outputShape, kernelSize * kernelSize),
  };
}

/** Plans a BatchNormalization over the channels. */
export function planBatchNorm({ name, role, input }: LayerPlace): LayerPlan {
  const weight = (suffix: string, trainable: boolean): WeightPlan => ({ name: `${name}/${suffix}`, shape: [input[2]], trainable });
  return {
    name,
    role,
    kind: 'batchNorm',
    kernelSize: 1,
    strides: 1,
    inputShape: input,
    outputShape: input,
    weights: [weight('gamma', true), weight('beta', true), weight('moving_mean', false), weight('moving_variance', false)],
    multiplyAdds: 0,
  };
}

/** Plans a fully connected layer on pooled features. */
export function planDense({ name, role, input }: LayerPlace, units: number): LayerPlan {
  return {
    name,
    role,
    kind: 'dense',
    kernelSize: 1,
    strides: 1,
    inputShape: [1, 1, input[2]],
    outputShape: [1, 1, units],
    weights: [
      { name: `${name}/kernel`, shape: [input[2], units], trainable: true },
      { name: `${name}/bias`, shape: [units], trainable: true },
    ],
    multiplyAdds: input[2] * units,
  };
}

/** The layer that pads before a stride-2 convolution where padding is symmetric; `null` where the convolution pads itself. */
export function padName(layer: LayerPlan, padding: Padding): string | null {
  return padding === 'symmetric' && layer.strides === 2 ? `${layer.name}_pad` : null;
}

/** Adds up the parameters of layers. */
export function countParameters(layers: readonly LayerPlan[]): ParameterCount {
  let trainable = 0;
  let nonTrainable = 0;
  for (const weight of layers.flatMap((layer) => layer.weights)) {
    if (weight.trainable) trainable += size(weight.shape);
    else nonTrainable += size(weight.shape);
  }
  return { trainable, nonTrainable, total: trainable + nonTrainable };
}

/** Adds up the multiply-adds of layers; `null` while the input size is open. */
export function countMultiplyAdds(layers: readonly LayerPlan[]): number | null {
  return layers.reduce<number | null>((sum, { multiplyAdds }) => (sum === null || multiplyAdds === null ? null : sum + multiplyAdds), 0);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function times([height, width, channels]: FeatureShape, perValue: number): number | null {
  return height === null || width === null ? null : height * width * channels * perValue;
}

// `same` and `symmetric` padding agree on the size: odd kernels keep it, stride 2 halves it rounding up.
function strided([height, width]: FeatureShape, strides: 1 | 2, channels: number): FeatureShape {
  const shrink = (length: number | null): number | null => (length === null ? null : Math.ceil(length / strides));
  return [shrink(height), shrink(width), channels];
}
