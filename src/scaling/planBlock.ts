// Plans mobile inverted bottleneck blocks, plain or fused, with squeeze-and-excitation. src/layers builds layers from these plans.

import {
  arrayOf,
  boolean,
  check,
  checkOptions,
  invalid,
  nonNegative,
  oneOf,
  rule,
  positive,
  positiveInteger,
  probability,
  rate,
  text,
} from '../core/internal.js';
import type { Complete } from '../core/index.js';
import type { Rule } from '../core/internal.js';
import {
  countMultiplyAdds,
  countParameters,
  planBatchNorm,
  planConv,
  planDepthwise,
  type FeatureShape,
  type LayerPlan,
  type ParameterCount,
} from './layerPlan.js';
import type { Activation, Padding } from './variants.js';

/** Settings of the convolutions, normalizations and activations in a block. */
export interface NormActSpec {
  /** @defaultValue 'swish' */
  readonly activation?: Activation | undefined;
  /** @defaultValue 'same' */
  readonly padding?: Padding | undefined;
  /** @defaultValue 0.99 */
  readonly batchNormMomentum?: number | undefined;
  /** @defaultValue 0.001 */
  readonly batchNormEpsilon?: number | undefined;
}

/** A mobile inverted bottleneck block (timm: `InvertedResidual`). */
export interface MBConvSpec extends NormActSpec {
  /** The prefix of all layer names, for example `block2a`. */
  readonly name: string;
  /** Number of output filters. */
  readonly filters: number;
  /** An odd number. @defaultValue 3 */
  readonly kernelSize?: number | undefined;
  /** @defaultValue 1 */
  readonly strides?: 1 | 2 | undefined;
  /**
   * Multiplies the input filters in the expansion. With 1 there is no expansion, as in Keras; other implementations have a 1 x 1
   * convolution. @defaultValue 6
   */
  readonly expandRatio?: number | undefined;
  /** Number of filters that `expandRatio` multiplies instead of the input's. @defaultValue the number of input filters */
  readonly expandFrom?: number | undefined;
  /** Number of squeeze-and-excitation filters as a fraction of the *input* filters, in [0, 1]. 0 disables it. @defaultValue 0.25 */
  readonly seRatio?: number | undefined;
  /** Adds the input to the output if both have the same shape. @defaultValue true */
  readonly skip?: boolean | undefined;
  /** Rate of stochastic depth in [0, 1): the fraction of samples that skip the block during training. @defaultValue 0 */
  readonly dropRate?: number | undefined;
  /** @defaultValue 'dwconv' */
  readonly depthwiseName?: 'dwconv' | 'dwconv2' | undefined;
}

/** The type of a block. */
export type BlockType = 'mbConv' | 'fusedMBConv';
export const blockType = oneOf('mbConv', 'fusedMBConv');

/** The plan of a block for one input shape. */
export interface BlockPlan {
  readonly name: string;
  readonly type: BlockType;
  readonly spec: Complete<MBConvSpec>;
  readonly inputShape: FeatureShape;
  readonly outputShape: FeatureShape;
  /** Number of filters after the expansion. */
  readonly expandedFilters: number;
  /** Number of filters in squeeze-and-excitation, or 0 without it. */
  readonly seFilters: number;
  /** Whether the block adds its input to its output. */
  readonly hasSkip: boolean;
  /** The name of the last layer of the block. */
  readonly outputLayer: string;
  /** The layers that have weights, in the order of their weights. */
  readonly layers: readonly LayerPlan[];
  readonly parameters: ParameterCount;
  /** Multiply-adds per image, or `null` if the input size is not fixed. */
  readonly multiplyAdds: number | null;
}

/** Accepts kernel sizes that have a center. */
export const oddInteger: Rule<number> = {
  expected: 'a positive odd integer',
  accepts: (value): value is number => positiveInteger.accepts(value) && value % 2 === 1,
};

const ACTIVATIONS = oneOf('swish', 'relu', 'relu6', 'leakyRelu', 'hardSwish', 'linear');
const activation = rule<Activation>(ACTIVATIONS.expected.replace("'swish'", "'swish' (SiLU)"), ACTIVATIONS.accepts);

/** The rules of {@link NormActSpec}. */
export const NORM_ACT_RULES = {
  activation,
  padding: oneOf('same', 'symmetric'),
  batchNormMomentum: rate,
  batchNormEpsilon: positive,
};

/** The rules of the {@link MBConvSpec} options that all blocks of a stage share. */
export const STAGE_BLOCK_RULES = {
  ...NORM_ACT_RULES,
  name: text,
  filters: positiveInteger,
  kernelSize: oddInteger,
  strides: oneOf(1, 2),
  expandRatio: positive,
  expandFrom: nonNegative,
  seRatio: probability,
  skip: boolean,
  depthwiseName: oneOf('dwconv', 'dwconv2'),
};

/** The rule of {@link FeatureShape}. */
export const featureShape = arrayOf(
  {
    expected: 'a positive integer or null',
    accepts: (value): value is number | null => value === null || positiveInteger.accepts(value),
  },
  3,
);

/**
 * Plans a mobile inverted bottleneck: expansion, depthwise convolution, squeeze-and-excitation and projection.
 *
 * @param inputShape - `[height, width, channels]`. `null` means any size.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * planMBConv([56, 56, 24], { name: 'block3a', filters: 40, kernelSize: 5, strides: 2 }).outputShape; // [28, 28, 40]
 * @see MobileNetV2 (arXiv 1801.04381) section 3; squeeze-and-excitation (arXiv 1709.01507) section 3
 */
export function planMBConv(inputShape: FeatureShape, options: MBConvSpec): BlockPlan {
  return planBlockFor('planMBConv', 'mbConv', inputShape, options);
}

function planMBConvOf(inputShape: FeatureShape, spec: Complete<MBConvSpec>): BlockPlan {
  const { name } = spec;
  const expandedFilters = expanded(inputShape, spec);
  const layers: LayerPlan[] = [];
  let shape = inputShape;
  if (spec.expandRatio !== 1) {
    const conv = planConv({ name: `${name}_expand_conv`, role: 'expandConv', input: shape }, { filters: expandedFilters });
    shape = conv.outputShape;
    layers.push(conv, planBatchNorm({ name: `${name}_expand_bn`, role: 'expandNorm', input: shape }));
  }
  const depthwise = planDepthwise(
    { name: `${name}_${spec.depthwiseName}`, role: 'depthwiseConv', input: shape },
    spec.kernelSize,
    spec.strides,
  );
  shape = depthwise.outputShape;
  layers.push(depthwise, planBatchNorm({ name: `${name}_bn`, role: 'depthwiseNorm', input: shape }));
  return finishBlock('mbConv', spec, inputShape, shape, layers, { filters: spec.filters });
}

/**
 * Plans a fused block, in which one full convolution replaces the expansion and the depthwise convolution. With `expandRatio: 1`, the block
 * has a single convolution, `NAME_project_conv`.
 *
 * @param inputShape - `[height, width, channels]`. `null` means any size.
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * planFusedMBConv([112, 112, 24], { name: 'block2a', filters: 48, strides: 2, expandRatio: 4, seRatio: 0 }).expandedFilters; // 96
 * @see EfficientNetV2 (arXiv 2104.00298) section 3.2; `FusedMBConvBlock` in keras/src/applications/efficientnet_v2.py
 */
export function planFusedMBConv(inputShape: FeatureShape, options: MBConvSpec): BlockPlan {
  return planBlockFor('planFusedMBConv', 'fusedMBConv', inputShape, options);
}

/** Plans a block. Errors begin with `where`, the function that the user called. */
export function planBlockFor(where: string, type: BlockType, inputShape: FeatureShape, options: MBConvSpec): BlockPlan {
  return (type === 'mbConv' ? planMBConvOf : planFusedMBConvOf)(inputShape, checkSpec(where, inputShape, options));
}

function planFusedMBConvOf(inputShape: FeatureShape, spec: Complete<MBConvSpec>): BlockPlan {
  const { name, kernelSize, strides } = spec;
  if (spec.expandRatio === 1) {
    return finishBlock('fusedMBConv', spec, inputShape, inputShape, [], { filters: spec.filters, kernelSize, strides });
  }
  const conv = planConv(
    { name: `${name}_expand_conv`, role: 'expandConv', input: inputShape },
    { filters: expanded(inputShape, spec), kernelSize, strides },
  );
  const norm = planBatchNorm({ name: `${name}_expand_bn`, role: 'expandNorm', input: conv.outputShape });
  return finishBlock('fusedMBConv', spec, inputShape, conv.outputShape, [conv, norm], { filters: spec.filters });
}

/** Returns the number of filters in squeeze-and-excitation, or 0 without it. */
export function squeezedFilters(inputFilters: number, seRatio: number): number {
  return seRatio === 0 ? 0 : Math.max(1, Math.floor(inputFilters * seRatio));
}

/** Plans the two convolutions of squeeze-and-excitation for features `[height, width, channels]`. */
export function planSqueezeExcite(name: string, input: FeatureShape, reducedFilters: number): readonly [LayerPlan, LayerPlan] {
  const pooled: FeatureShape = [1, 1, input[2]];
  const reduce = planConv({ name: `${name}_se_reduce`, role: 'seReduce', input: pooled }, { filters: reducedFilters, bias: true });
  return [reduce, planConv({ name: `${name}_se_expand`, role: 'seExpand', input: reduce.outputShape }, { filters: input[2], bias: true })];
}

function finishBlock(
  type: BlockType,
  spec: Complete<MBConvSpec>,
  inputShape: FeatureShape,
  shape: FeatureShape,
  before: readonly LayerPlan[],
  projection: { filters: number; kernelSize?: number | undefined; strides?: 1 | 2 | undefined },
): BlockPlan {
  const { name } = spec;
  const seFilters = squeezedFilters(inputShape[2], spec.seRatio);
  const squeeze = seFilters === 0 ? [] : planSqueezeExcite(name, shape, seFilters);
  const project = planConv({ name: `${name}_project_conv`, role: 'projectConv', input: shape }, projection);
  const outputShape = project.outputShape;
  const layers = [...before, ...squeeze, project, planBatchNorm({ name: `${name}_project_bn`, role: 'projectNorm', input: outputShape })];
  const hasSkip = spec.skip && spec.strides === 1 && inputShape[2] === spec.filters;
  const last = type === 'fusedMBConv' && spec.expandRatio === 1 && spec.activation !== 'linear' ? 'project_activation' : 'project_bn';
  return {
    name,
    type,
    spec,
    inputShape,
    outputShape,
    seFilters,
    hasSkip,
    layers,
    expandedFilters: shape[2],
    outputLayer: `${name}_${hasSkip ? 'add' : last}`,
    parameters: countParameters(layers),
    multiplyAdds: countMultiplyAdds(layers),
  };
}

function expanded(inputShape: FeatureShape, { expandRatio, expandFrom }: Pick<Complete<MBConvSpec>, 'expandRatio' | 'expandFrom'>): number {
  return Math.round((expandFrom === 0 ? inputShape[2] : expandFrom) * expandRatio);
}

function checkSpec(where: string, inputShape: FeatureShape, options: MBConvSpec): Complete<MBConvSpec> {
  check(where, 'inputShape', inputShape, featureShape);
  checkOptions(where, options, { ...STAGE_BLOCK_RULES, dropRate: rate });
  check(where, 'name', options.name, text);
  check(where, 'filters', options.filters, positiveInteger);
  const { expandRatio = 6, expandFrom = 0 } = options;
  if (expanded(inputShape, { expandRatio, expandFrom }) < 1)
    throw invalid(where, 'expandRatio', 'a ratio that leaves at least one filter', expandRatio);
  return {
    name: options.name,
    filters: options.filters,
    kernelSize: options.kernelSize ?? 3,
    strides: options.strides ?? 1,
    expandRatio,
    expandFrom,
    seRatio: options.seRatio ?? 0.25,
    skip: options.skip ?? true,
    dropRate: options.dropRate ?? 0,
    depthwiseName: options.depthwiseName ?? 'dwconv',
    ...resolveNormAct(options),
  };
}

/** Fills in the defaults of {@link NormActSpec}. */
export function resolveNormAct(spec: NormActSpec): Complete<NormActSpec> {
  return {
    activation: spec.activation ?? 'swish',
    padding: spec.padding ?? 'same',
    batchNormMomentum: spec.batchNormMomentum ?? 0.99,
    batchNormEpsilon: spec.batchNormEpsilon ?? 1e-3,
  };
}
