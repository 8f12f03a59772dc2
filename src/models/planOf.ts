// Computes the plan of a model from its variant and its actual layers.

import type * as tfl from '@tensorflow/tfjs-layers';
import { countMultiplyAdds, countParameters, planFor } from '../scaling/internal.js';
import type { BlockPlan, FeatureShape, LayerPlan, ModelPlan, NetworkPlan, ReductionPlan } from '../scaling/index.js';
import { checkModel } from './checkModel.js';
import { layersOf } from './layersOf.js';
import { isFolded, metadataOf } from './metadata.js';
import { multiplyAddsOf } from './multiplyAddsOf.js';

/**
 * Returns the plan of a model.
 *
 * For a model of a variant, the plan has a stem, stages and a top, and includes any custom layers. For a model composed by hand, it has
 * only `name`, `inputShape`, `layers`, `parameters` and `multiplyAdds`. For a result of {@link foldBatchNorm}, it is the plan of the
 * original model.
 *
 * @throws {OptionError} when the value is not a layers model.
 * @example
 * planOf(model).parameters.total;
 */
export function planOf(model: tfl.LayersModel): NetworkPlan {
  checkModel('planOf', model);
  const plan = variantPlanOf(model);
  if (plan !== undefined && isFolded(model)) return plan;
  const owned = layersOf(model).filter(({ weights }) => weights.length > 0);
  if (plan !== undefined && isStock(plan, owned)) return plan;
  const planned = new Map((plan?.layers ?? []).map((layer) => [layer.name, layer]));
  const layers = owned.map((layer) => asPlanned(layer, planned.get(layer.name)));
  const sums = { parameters: countParameters(layers), multiplyAdds: countMultiplyAdds(layers) };
  if (plan === undefined) return { name: model.name, inputShape: model.inputs[0]?.shape.slice(1) ?? [], layers, ...sums };

  const actual = new Map(layers.map((layer) => [layer.name, layer]));
  const replaced = (layer: LayerPlan): LayerPlan => actual.get(layer.name) ?? { ...layer, weights: [], multiplyAdds: 0 };
  const blockWith = (block: BlockPlan): BlockPlan => {
    const members = layers.filter(({ name }) => name.startsWith(`${block.name}_`));
    return { ...block, layers: members, parameters: countParameters(members), multiplyAdds: countMultiplyAdds(members) };
  };
  return {
    ...plan,
    layers,
    ...sums,
    stem: [replaced(plan.stem[0]), replaced(plan.stem[1])],
    stages: plan.stages.map((stage) => ({ ...stage, blocks: stage.blocks.map(blockWith) })),
    top: [replaced(plan.top[0]), replaced(plan.top[1])],
    classifier: plan.classifier === null ? null : (actual.get(plan.classifier.name) ?? null),
    reductions: reductionsOf(plan, metadataOf(model)?.stageOutputs),
  };
}

/** Returns the plan of a model's variant as this library builds it, or `undefined` for a model composed by hand. */
export function variantPlanOf(model: tfl.LayersModel): ModelPlan | undefined {
  const { variant, options = {} } = metadataOf(model) ?? {};
  return variant === undefined ? undefined : planFor('planOf', variant, options);
}

function isStock(plan: ModelPlan, owned: readonly tfl.layers.Layer[]): boolean {
  return owned.length === plan.layers.length && plan.layers.every((layer, i) => owned[i] !== undefined && matches(owned[i], layer));
}

function matches(layer: tfl.layers.Layer, planned: LayerPlan): boolean {
  const weights = weightsOf(layer);
  return (
    layer.name === planned.name &&
    weights.length === planned.weights.length &&
    planned.weights.every(({ name, shape }, i) => weights[i]?.name === name && String(weights[i].shape) === String(shape))
  );
}

function asPlanned(layer: tfl.layers.Layer, planned: LayerPlan | undefined): LayerPlan {
  if (planned !== undefined && matches(layer, planned)) return planned;
  const [node] = layer.inboundNodes;
  const [input, output] = [node?.inputTensors[0], node?.outputTensors[0]].map((tensor) => featureShape(tensor?.shape ?? [])) as [
    FeatureShape,
    FeatureShape,
  ];
  const { kernelSize, strides } = layer.getConfig() as {
    readonly kernelSize?: readonly number[] | undefined;
    readonly strides?: readonly number[] | undefined;
  };
  return {
    name: layer.name,
    role: layer.name === 'predictions' && layer.getClassName() === 'Dense' ? 'predictions' : 'own',
    kind: KINDS[layer.getClassName()] ?? 'other',
    kernelSize: kernelSize?.[0] ?? 1,
    strides: strides?.[0] === 2 ? 2 : 1,
    inputShape: input,
    outputShape: output,
    weights: weightsOf(layer),
    multiplyAdds: multiplyAddsOf(layer),
  };
}

const KINDS: Readonly<Record<string, LayerPlan['kind']>> = {
  Conv2D: 'conv',
  DepthwiseConv2D: 'depthwiseConv',
  BatchNormalization: 'batchNorm',
  Dense: 'dense',
};

function weightsOf(layer: tfl.layers.Layer): LayerPlan['weights'] {
  // This property also counts the weights of frozen layers.
  const { _trainableWeights: trainable } = layer as unknown as { readonly _trainableWeights: readonly unknown[] };
  return layer.weights.map((weight) => ({
    name: `${layer.name}/${weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1)}`,
    shape: weight.shape as number[],
    trainable: trainable.includes(weight),
  }));
}

/** Returns the last three axes without the batch. Missing axes are 1. */
function featureShape(shape: readonly (number | null)[]): FeatureShape {
  const [height = 1, width = 1, channels] = [1, 1, ...shape.slice(1)].slice(-3);
  return [height, width, channels ?? 0];
}

/** Returns the feature maps per reduction. They are outputs of the stem or of stages. */
function reductionsOf(plan: ModelPlan, stageOutputs: readonly string[] | undefined): readonly ReductionPlan[] {
  if (stageOutputs === undefined) return plan.reductions;
  const names = new Map(stockOutputs(plan).map((name, i) => [name, stageOutputs[i] ?? name]));
  return plan.reductions.map((reduction) => ({ ...reduction, layer: names.get(reduction.layer) ?? reduction.layer }));
}

/** Returns the names of the last layers of the stem and of each stage in a model without custom parts. */
export function stockOutputs(plan: ModelPlan): string[] {
  return [
    plan.activation === 'linear' ? 'stem_bn' : 'stem_activation',
    ...plan.stages.map(({ blocks }) => blocks.at(-1)?.outputLayer ?? ''),
  ];
}
