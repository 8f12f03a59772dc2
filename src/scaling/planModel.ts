// Plans a network: its blocks, layers, shapes and costs as plain data, from which models are built, counted and exported.

import { invalid, showShape } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import {
  countMultiplyAdds,
  countParameters,
  planBatchNorm,
  planConv,
  planDense,
  type FeatureShape,
  type LayerPlan,
  type ParameterCount,
} from './layerPlan.js';
import { resolveOptions, resolveSpec, type PlanModelOptions, type CompletePlanOptions } from './modelOptions.js';
import type { BlockPlan } from './planBlock.js';
import { planStageFor, type StagePlan } from './planStage.js';
import { roundFilters, type RoundFiltersOptions } from './roundFilters.js';
import { roundRepeats } from './roundRepeats.js';
import type { Variant, VariantSpec } from './variants.js';

/** The last output before the feature map is halved. Detection and segmentation models use these outputs. */
export interface ReductionPlan {
  /** `reduction_1` (1/2 of the input size) to `reduction_5` (1/32). */
  readonly name: string;
  /** The name of the layer with this output. */
  readonly layer: string;
  readonly shape: FeatureShape;
}

/** The properties that every network plan has, including plans of networks that were built by hand. */
export interface NetworkOutline {
  readonly name: string;
  /** The shape without the batch: `[height, width, channels]` for images. `null` means any size. */
  readonly inputShape: readonly (number | null)[];
  /** All layers that have weights, in the order of the model's weights. */
  readonly layers: readonly LayerPlan[];
  readonly parameters: ParameterCount;
  /** Multiply-adds per image in convolutions and dense layers, or `null` if the input size is not fixed. */
  readonly multiplyAdds: number | null;
}

/** The plan of an EfficientNet. */
export interface ModelPlan extends CompletePlanOptions, NetworkOutline {
  readonly inputShape: FeatureShape;
  /** The variant or spec that was planned. */
  readonly variant: Variant | VariantSpec;
  readonly stem: readonly [conv: LayerPlan, norm: LayerPlan];
  readonly stages: readonly StagePlan[];
  readonly top: readonly [conv: LayerPlan, norm: LayerPlan];
  /** The classifier, or `null` without top. */
  readonly classifier: LayerPlan | null;
  readonly reductions: readonly ReductionPlan[];
}

/** The plan of any model. A network that was built by hand only has the properties of {@link NetworkOutline}. */
export type NetworkPlan = NetworkOutline & {
  readonly [Part in Exclude<keyof ModelPlan, keyof NetworkOutline>]?: ModelPlan[Part] | undefined;
};

/** Returns whether a plan is that of an EfficientNet variant, with stem, stages and top. */
export function hasVariant(plan: NetworkPlan): plan is ModelPlan {
  return plan.variant !== undefined;
}

/**
 * Plans a network: the name, shapes, weights and cost of every block and layer. No tensors are created.
 *
 * @param variant - The name of a published network, or a custom spec.
 * @throws {OptionError} when the variant or an option is unknown or invalid.
 * @throws {ShapeError} when the input is too small for the network's strides.
 * @example
 * planModel('b0').parameters.total; // 5330564
 * planModel('l2').multiplyAdds; // without allocating 1.9 GB
 * @see EfficientNet (arXiv 1905.11946) section 4; `EfficientNet` in keras/src/applications/efficientnet.py
 */
export function planModel(variant: Variant | VariantSpec, options: PlanModelOptions = {}): ModelPlan {
  return planFor('planModel', variant, options);
}

/** Same as {@link planModel}. Errors begin with `where`, the function that the user called. */
export function planFor(where: string, variant: Variant | VariantSpec, options: PlanModelOptions): ModelPlan {
  const spec = resolveSpec(where, variant);
  const resolved = resolveOptions(where, variant, options);
  checkInputSize(where, spec, resolved);

  const rounding: RoundFiltersOptions = { minShare: spec.minShare };
  const scaled = (filters: number): number => roundFilters(filters, spec.widthCoefficient, rounding);
  const ends = (filters: number): number => (spec.fixedEnds === true ? filters : scaled(filters));

  const stem = planEnd('stem', resolved.inputShape, { filters: ends(spec.stemFilters ?? 32), kernelSize: 3, strides: 2 });
  const stages = planStages(where, spec, resolved, stem[1].outputShape, scaled);
  const blocks = stages.flatMap((stage) => stage.blocks);
  const features = blocks.at(-1)?.outputShape ?? stem[1].outputShape;
  const top = planEnd('top', features, { filters: ends(spec.topFilters ?? 1280) });
  const classifier = resolved.includeTop
    ? planDense({ name: 'predictions', role: 'predictions', input: top[1].outputShape }, resolved.classes)
    : null;

  const layers = [...stem, ...blocks.flatMap((block) => block.layers), ...top, ...(classifier === null ? [] : [classifier])];
  return {
    ...resolved,
    variant,
    stem,
    stages,
    top,
    classifier,
    layers,
    reductions: planReductions(resolved.activation === 'linear' ? 'stem_bn' : 'stem_activation', stem[1].outputShape, blocks),
    parameters: countParameters(layers),
    multiplyAdds: countMultiplyAdds(layers),
  };
}

function planEnd(
  name: 'stem' | 'top',
  input: FeatureShape,
  conv: { filters: number; kernelSize?: number | undefined; strides?: 1 | 2 | undefined },
): readonly [LayerPlan, LayerPlan] {
  const planned = planConv({ name: `${name}_conv`, role: `${name}Conv`, input }, conv);
  return [planned, planBatchNorm({ name: `${name}_bn`, role: `${name}Norm`, input: planned.outputShape })];
}

function planStages(
  where: string,
  spec: VariantSpec,
  resolved: CompletePlanOptions,
  input: FeatureShape,
  scaled: (filters: number) => number,
): StagePlan[] {
  const last = spec.stages.length - 1;
  const repeats = spec.stages.map((stage, i) =>
    spec.fixedEnds === true && (i === 0 || i === last) ? stage.repeats : roundRepeats(stage.repeats, spec.depthCoefficient),
  );
  const total = repeats.reduce((sum, count) => sum + count, 0);
  let shape = input;
  let index = 0;
  return spec.stages.map((stage, i) => {
    const { block = 'mbConv', seRatio = 0, skip = true, kernelSize, strides, expandRatio } = stage;
    const count = repeats[i] ?? 0;
    const planned = planStageFor(where, shape, {
      name: `block${i + 1}`,
      block,
      repeats: count,
      filters: scaled(stage.filters),
      kernelSize,
      strides,
      expandRatio,
      seRatio,
      skip,
      expandFrom: stage.expandFrom === undefined ? 0 : scaled(stage.expandFrom),
      dropRates: Array.from({ length: count }, () => (resolved.dropConnectRate * index++) / total),
      depthwiseName: spec.depthwiseName ?? 'dwconv',
      activation: resolved.activation,
      padding: stage.padding ?? resolved.padding,
      batchNormMomentum: resolved.batchNormMomentum,
      batchNormEpsilon: resolved.batchNormEpsilon,
    });
    shape = planned.outputShape;
    return planned;
  });
}

function planReductions(stemOutput: string, stemShape: FeatureShape, blocks: readonly BlockPlan[]): ReductionPlan[] {
  const taps: { layer: string; shape: FeatureShape }[] = [];
  let current = { layer: stemOutput, shape: stemShape };
  for (const block of blocks) {
    if (block.spec.strides === 2) taps.push(current);
    current = { layer: block.outputLayer, shape: block.outputShape };
  }
  return [...taps, current].map((tap, i) => ({ name: `reduction_${i + 1}`, ...tap }));
}

function checkInputSize(where: string, spec: VariantSpec, { inputShape: [height, width] }: CompletePlanOptions): void {
  if ((height === null) !== (width === null)) throw invalid(where, 'inputSize', 'both sides or neither', [height, width]);
  if (height === null || width === null) return;
  const smallest = 2 ** (1 + spec.stages.filter((stage) => stage.strides === 2).length);
  if (Math.min(height, width) < smallest) {
    throw new ShapeError(
      `${where}: expected an input of at least ${smallest} x ${smallest} pixels, received ${showShape([height, width])}. ` +
        'Use a larger `inputSize`: the strides of the network halve it several times.',
    );
  }
}
