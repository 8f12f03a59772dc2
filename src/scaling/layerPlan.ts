// Plans single layers that have weights: their shapes, weights and cost. No tensors are created.

import type { Padding } from './variants.js';

/** The shape of an image or feature map without the batch: `[height, width, channels]`. `null` means any size. */
export type FeatureShape = readonly [height: number | null, width: number | null, channels: number];

/** The role of a layer in its network. Used to translate layer names between frameworks. */
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
  /** A layer that this library did not create. */
  | 'own';

/** One weight of a layer. */
export interface WeightPlan {
  /** `layer/weight` as in Keras, for example `stem_conv/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** `false` for the moving statistics of BatchNormalization. */
  readonly trainable: boolean;
}

/** A layer that has weights. */
export interface LayerPlan {
  readonly name: string;
  readonly kind: 'conv' | 'depthwiseConv' | 'batchNorm' | 'dense' | 'other';
  readonly role: LayerRole;
  readonly kernelSize: number;
  readonly strides: 1 | 2;
  readonly inputShape: FeatureShape;
  readonly outputShape: FeatureShape;
  readonly weights: readonly WeightPlan[];
  /** Multiply-adds per image in convolutions and dense layers, or `null` if the input size is not fixed. */
  readonly multiplyAdds: number | null;
}

/** Parameter counts. */
export interface ParameterCount {
  readonly trainable: number;
  /** Moving statistics of BatchNormalization. */
  readonly nonTrainable: number;
  readonly total: number;
}

/** The name, role and input of a layer. */
export interface LayerPlace {
  readonly name: string;
  readonly role: LayerRole;
  readonly input: FeatureShape;
}

/** Plans a convolution. Only the convolutions of squeeze-and-excitation have a `bias`. */
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

/** Plans a depthwise convolution with depth multiplier 1. */
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

/** Plans a dense layer on pooled features. */
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

/** Returns the name of the padding layer before a stride-2 convolution with symmetric padding, or `null` if there is none. */
export function padName(layer: LayerPlan, padding: Padding): string | null {
  return padding === 'symmetric' && layer.strides === 2 ? `${layer.name}_pad` : null;
}

/** Sums the parameters of the layers. */
export function countParameters(layers: readonly LayerPlan[]): ParameterCount {
  let trainable = 0;
  let nonTrainable = 0;
  for (const weight of layers.flatMap((layer) => layer.weights)) {
    if (weight.trainable) trainable += size(weight.shape);
    else nonTrainable += size(weight.shape);
  }
  return { trainable, nonTrainable, total: trainable + nonTrainable };
}

/** Sums the multiply-adds of the layers. Returns `null` if the input size is not fixed. */
export function countMultiplyAdds(layers: readonly LayerPlan[]): number | null {
  return layers.reduce<number | null>((sum, { multiplyAdds }) => (sum === null || multiplyAdds === null ? null : sum + multiplyAdds), 0);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function times([height, width, channels]: FeatureShape, perValue: number): number | null {
  return height === null || width === null ? null : height * width * channels * perValue;
}

// `same` and `symmetric` padding give the same output size: odd kernels preserve it, and stride 2 halves it, rounding up.
function strided([height, width]: FeatureShape, strides: 1 | 2, channels: number): FeatureShape {
  const shrink = (length: number | null): number | null => (length === null ? null : Math.ceil(length / strides));
  return [shrink(height), shrink(width), channels];
}
