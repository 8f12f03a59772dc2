// Checks the options of a network and fills in the defaults of its variant.

import {
  arrayOf,
  boolean,
  check,
  checkOptions,
  either,
  invalid,
  list,
  nullable,
  oneOf,
  positive,
  positiveInteger,
  probability,
  rate,
  record,
  rule,
  finite,
  sides,
  size,
  text,
  type Size,
} from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { blockType, NORM_ACT_RULES, oddInteger } from './planBlock.js';
import { VARIANTS, type Activation, type Normalization, type Padding, type StageSpec, type Variant, type VariantSpec } from './variants.js';
import { variantHint } from './variantHint.js';

/** Options of a network with or without its classifier. */
export interface NetworkOptions {
  /** The name of the model. @defaultValue `efficientnet-` and the variant, or `efficientnet` for a custom spec */
  readonly name?: string | undefined;
  /**
   * Height and width in pixels, or `null` for any size. Every stage with stride 2 halves it, so the published networks need at least 32.
   * @defaultValue the variant's
   */
  readonly inputSize?: Size | null | undefined;
  /** @defaultValue 3 */
  readonly inputChannels?: number | undefined;
  /** Dropout rate before the classifier, in [0, 1). @defaultValue the variant's */
  readonly dropoutRate?: number | undefined;
  /** Maximum rate of stochastic depth, in [0, 1). Block b of n (counted from 0) drops samples at `rate * b / n`. @defaultValue 0.2 */
  readonly dropConnectRate?: number | undefined;
  /** @defaultValue the variant's */
  readonly activation?: Activation | undefined;
  /** Padding of convolutions with stride 2. Weights trained in PyTorch need `symmetric`. @defaultValue 'same' */
  readonly padding?: Padding | undefined;
  /** Fraction of the moving statistics that is kept at every step. @defaultValue the variant's */
  readonly batchNormMomentum?: number | undefined;
  /** @defaultValue the variant's, usually 0.001 */
  readonly batchNormEpsilon?: number | undefined;
  /** Normalization inside the model, for pixels in [0, 255]. @defaultValue the variant's */
  readonly normalization?: Normalization | undefined;
}

/** Options of a network with its classifier. */
export interface WithTop extends NetworkOptions {
  /** @defaultValue true */
  readonly includeTop?: true | undefined;
  /** @defaultValue 1000 */
  readonly classes?: number | undefined;
  /** Activation of the classifier. `linear` returns logits. @defaultValue 'softmax' */
  readonly classifierActivation?: ClassifierActivation | undefined;
  readonly pooling?: null | undefined;
}

/** Options of a network without its classifier. Its outputs are features. */
export interface WithoutTop extends NetworkOptions {
  readonly includeTop: false;
  /** Pools the features to `[batch, channels]`. With `null` they remain `[batch, height, width, channels]`. @defaultValue null */
  readonly pooling?: 'avg' | 'max' | null | undefined;
  readonly classes?: undefined;
  readonly classifierActivation?: undefined;
}

/** Options of {@link planModel}. */
export type PlanModelOptions = WithTop | WithoutTop;

/** The activation after the classifier's dense layer. */
export type ClassifierActivation = 'softmax' | 'sigmoid' | 'linear';

/** Options of {@link planModel} with every default filled in. Plain data. */
export interface CompletePlanOptions {
  readonly name: string;
  readonly inputShape: readonly [height: number | null, width: number | null, channels: number];
  readonly includeTop: boolean;
  readonly classes: number;
  readonly classifierActivation: ClassifierActivation;
  readonly pooling: 'avg' | 'max' | null;
  readonly dropoutRate: number;
  readonly dropConnectRate: number;
  readonly activation: Activation;
  readonly padding: Padding;
  readonly batchNormMomentum: number;
  readonly batchNormEpsilon: number;
  readonly normalization: Normalization;
}

const inputSize = rule<Size | null>('a positive integer, [height, width] or null', (value) => value === null || size.accepts(value));
const channelValues = (inner: typeof positive) => either(inner, arrayOf(inner));
const NORMALIZATION_RULES = { mean: channelValues(finite), std: channelValues(positive) };
/** Accepts any normalization. {@link checkNormalization} checks how many values it has. */
export const normalization = rule<Normalization>(
  "'imagenet', 'none' or { mean, std }",
  (value) => value === 'imagenet' || value === 'none' || (typeof value === 'object' && value !== null && 'mean' in value && 'std' in value),
);

/** The rules of {@link PlanModelOptions}. */
export const PLAN_RULES = {
  ...NORM_ACT_RULES,
  name: text,
  includeTop: boolean,
  classes: positiveInteger,
  classifierActivation: oneOf('softmax', 'sigmoid', 'linear'),
  pooling: nullable(oneOf('avg', 'max')),
  dropoutRate: rate,
  dropConnectRate: rate,
  inputSize,
  inputChannels: positiveInteger,
  normalization,
};

/** Returns the spec of a named variant, or checks a custom spec and returns it. */
export function resolveSpec(where: string, variant: Variant | VariantSpec): VariantSpec {
  if (typeof variant === 'string') {
    if (!Object.hasOwn(VARIANTS, variant)) {
      throw invalid(where, 'variant', `one of ${list(Object.keys(VARIANTS))}`, variant, variantHint(variant));
    }
    return VARIANTS[variant];
  }
  check(where, 'variant', variant, rule<VariantSpec>('a variant name or a spec', record.accepts));
  checkOptions(where, variant, {
    widthCoefficient: positive,
    depthCoefficient: positive,
    inputSize: positiveInteger,
    dropoutRate: rate,
    dropConnectRate: rate,
    stages: rule('an array of stages', Array.isArray),
    stemFilters: positiveInteger,
    topFilters: positiveInteger,
    fixedEnds: boolean,
    minShare: rate,
    activation: NORM_ACT_RULES.activation,
    batchNormMomentum: rate,
    batchNormEpsilon: positive,
    normalization,
    depthwiseName: oneOf('dwconv', 'dwconv2'),
  });
  for (const key of ['widthCoefficient', 'depthCoefficient', 'inputSize', 'dropoutRate'] as const) {
    if ((variant[key] as unknown) === undefined) throw invalid(where, key, 'a number', undefined, 'A custom spec must contain it.');
  }
  if (!Array.isArray(variant.stages) || variant.stages.length === 0) throw invalid(where, 'stages', 'at least one stage', variant.stages);
  variant.stages.forEach((stage: StageSpec, i) => {
    checkStage(where, stage, `stages[${i}]`);
  });
  if (variant.normalization !== undefined) checkNormalization(where, variant.normalization, null);
  return variant;
}

const STAGE_RULES = {
  block: blockType,
  repeats: positiveInteger,
  kernelSize: oddInteger,
  strides: oneOf(1, 2),
  expandRatio: positive,
  filters: positive,
  seRatio: probability,
  skip: boolean,
  expandFrom: positive,
  padding: NORM_ACT_RULES.padding,
};

function checkStage(where: string, stage: StageSpec, name: string): void {
  checkOptions(where, stage, STAGE_RULES, name);
  for (const key of ['repeats', 'kernelSize', 'strides', 'expandRatio', 'filters'] as const)
    check(where, `${name}.${key}`, stage[key], STAGE_RULES[key]);
}

/** Checks the options of a network and fills in the defaults of its variant. */
export function resolveOptions(where: string, variant: Variant | VariantSpec, options: PlanModelOptions): CompletePlanOptions {
  const spec = resolveSpec(where, variant);
  checkOptions<object>(where, options, PLAN_RULES);
  const { includeTop = true, inputSize = spec.inputSize, inputChannels = 3 } = options;
  refuseMeaningless(where, options, includeTop);
  const [height, width] = inputSize === null ? [null, null] : sides(inputSize);
  return {
    name: options.name ?? (typeof variant === 'string' ? `efficientnet-${variant}` : 'efficientnet'),
    inputShape: [height, width, inputChannels],
    includeTop,
    classes: options.classes ?? 1000,
    classifierActivation: options.classifierActivation ?? 'softmax',
    pooling: includeTop ? 'avg' : (options.pooling ?? null),
    dropoutRate: options.dropoutRate ?? spec.dropoutRate,
    dropConnectRate: options.dropConnectRate ?? spec.dropConnectRate ?? 0.2,
    activation: options.activation ?? spec.activation ?? 'swish',
    padding: options.padding ?? 'same',
    batchNormMomentum: options.batchNormMomentum ?? spec.batchNormMomentum ?? 0.99,
    batchNormEpsilon: options.batchNormEpsilon ?? spec.batchNormEpsilon ?? 1e-3,
    normalization: checkNormalization(where, options.normalization ?? spec.normalization ?? 'imagenet', inputChannels),
  };
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** Returns the mean and standard deviation of each channel for pixels divided by 255, or `null` for `'none'`. */
export function channelStatistics(
  normalization: Normalization,
  channels: number,
): { readonly mean: readonly number[]; readonly std: readonly number[] } | null {
  if (normalization === 'none') return null;
  const { mean, std } = normalization === 'imagenet' ? IMAGENET : normalization;
  const each = (value: number | readonly number[]): readonly number[] =>
    typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  return { mean: each(mean), std: each(std) };
}

/** Returns a normalization as one scale and one offset per channel for pixels in [0, 255], or `null` for `'none'`. */
export function pixelRescaling(
  value: Normalization,
  channels: number,
): { readonly scale: readonly number[]; readonly offset: readonly number[] } | null {
  const statistics = channelStatistics(value, channels);
  if (statistics === null) return null;
  const { mean, std } = statistics;
  return { scale: std.map((deviation) => 1 / (255 * deviation)), offset: mean.map((average, channel) => -average / (std[channel] ?? 1)) };
}

/** Checks a normalization, including the number of channels unless it is `null`. */
export function checkNormalization(where: string, value: Normalization, channels: number | null): Normalization {
  if (value === 'none') return value;
  if (value === 'imagenet') {
    if (channels === 3 || channels === null) return value;
    throw invalid(where, 'normalization', `{ mean, std } for ${channels} channels`, value, "ImageNet's statistics are those of RGB.");
  }
  checkOptions(where, value, NORMALIZATION_RULES, 'normalization');
  for (const key of ['mean', 'std'] as const) check(where, `normalization.${key}`, value[key], NORMALIZATION_RULES[key]);
  if ([value.mean].flat().some((mean) => mean > 1)) {
    throw invalid(where, 'normalization.mean', 'numbers of at most 1, of pixels divided by 255', value.mean, 'Divide mean and std by 255.');
  }
  for (const [option, values] of Object.entries(value)) {
    if (channels !== null && typeof values !== 'number' && values.length !== channels) {
      throw invalid(where, `normalization.${option}`, `one number or ${channels}`, values);
    }
  }
  return value;
}

function refuseMeaningless(where: string, options: PlanModelOptions, includeTop: boolean): void {
  const without = includeTop ? (['pooling'] as const) : (['classes', 'classifierActivation'] as const);
  for (const option of without) {
    // `pooling: null` is allowed with includeTop: it is the default of a network without top.
    if (options[option] !== undefined && options[option] !== null) {
      const remedy = includeTop
        ? 'The classifier always uses average pooling. Pass includeTop: false for another.'
        : 'It belongs to the classifier.';
      throw new OptionError(`${where}: \`${option}\` cannot be used with includeTop: ${includeTop}. ${remedy}`);
    }
  }
}
