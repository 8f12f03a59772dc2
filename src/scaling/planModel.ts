// A network at a size, as data: what counting, building, naming, printing and exporting all read.

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

/** A point where the feature map is about to be halved; what detectors and segmenters tap. */
export interface ReductionPlan {
  /** `reduction_1` (half the input) to `reduction_5` (a thirty-second). */
  readonly name: string;
  /** The layer whose output it is. */
  readonly layer: string;
  readonly shape: FeatureShape;
}

/** What the plan of every network has, whoever put it together. */
export interface NetworkOutline {
  readonly name: string;
  /** Without the batch: `[height, width, channels]` for images. `null` stands for an open size. */
  readonly inputShape: readonly (number | null)[];
  /** Every weight-bearing layer, in the order of the model's weights. */
  readonly layers: readonly LayerPlan[];
  readonly parameters: ParameterCount;
  /** Multiply-adds per image, those of convolutions and dense layers; `null` while the input size is open. */
  readonly multiplyAdds: number | null;
}

/** A network worked out. */
export interface ModelPlan extends CompletePlanOptions, NetworkOutline {
  readonly inputShape: FeatureShape;
  /** The variant or spec it was planned from. */
  readonly variant: Variant | VariantSpec;
  readonly stem: readonly [conv: LayerPlan, norm: LayerPlan];
  readonly stages: readonly StagePlan[];
  readonly top: readonly [conv: LayerPlan, norm: LayerPlan];
  /** The classifier; `null` without top. */
  readonly classifier: LayerPlan | null;
  readonly reductions: readonly ReductionPlan[];
}

/** The plan of a model: that of its variant, or, for a network put together by hand, only what every network has. */
export type NetworkPlan = NetworkOutline & {
  readonly [Part in Exclude<keyof ModelPlan, keyof NetworkOutline>]?: ModelPlan[Part] | undefined;
};

/** Whether a network has a variant, and with it stem, stages and top. */
export function hasVariant(plan: NetworkPlan): plan is ModelPlan {
  return plan.variant !== undefined;
}

/**
 * Works out a network: every block and layer with name, shapes, weights and cost, without making a tensor.
 *
 * @param variant - The name of a published network, or a spec of one's own.
 * @throws {OptionError} when the variant or an option is unknown or impossible.
 * @throws {ShapeError} when the input is too small for the network's strides.
 * @example
 * planModel('b0').parameters.total; // 5330564
 * planModel('l2').multiplyAdds; // without allocating 1.9 GB
 * @see EfficientNet (arXiv 1905.11946) section 4; `EfficientNet` in keras/src/applications/efficientnet.py
 */
export function planModel(variant: Variant | VariantSpec, options: PlanModelOptions = {}): ModelPlan {
  return planFor('planModel', variant, options);
}

/** {@link planModel} on behalf of another function, whose name its errors carry. */
export function planFor(where: string, variant: Variant | VariantSpec, options: PlanModelOptions): ModelPlan {
  const spec = resolveSpec(where, variant);
  const resolved = resolveOptions(where, variant, options);
  checkInputSize(where, spec, resolved);

  const rounding: RoundFiltersOptions = spec.minShare === undefined ? {} : { minShare: spec.minShare };
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
      padding: resolved.padding,
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
        `Its strides would leave nothing.`,
    );
  }
}
