// Converts a model to the config.json of transformers' EfficientNet. transformersNetwork.ts does the opposite.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { keysOf } from '../../core/internal.js';
import { OptionError } from '../../core/index.js';
import { classNamesOf, planOf } from '../../models/index.js';
import { checkModel, isFolded, layersOf } from '../../models/internal.js';
import { hasVariant, pixelRescaling } from '../../scaling/internal.js';
import { roundFilters, VARIANTS, type ModelPlan, type NetworkPlan, type VariantSpec } from '../../scaling/index.js';
import { isTransformersBlock, STEM_FILTERS, TOP_FILTERS, TRANSFORMERS_ACTIVATIONS, TRANSFORMERS_TYPE } from './transformersNetwork.js';

/**
 * Returns the content of the config.json with which transformers builds the same network.
 *
 * @param where - The function that the user called, for error messages.
 * @throws {OptionError} when transformers has no such network: one of fused blocks (V2, EdgeTPU), without squeeze-and-excitation (Lite),
 *   with custom parts, or composed by hand.
 */
export function transformersConfig(where: string, model: LayersModel): Readonly<Record<string, unknown>> {
  checkModel(where, model);
  const plan = planOf(model);
  const reason = isFolded(model) ? 'has its BatchNormalization folded' : (missingPart(plan) ?? customPart(model, plan));
  if (reason !== undefined || !hasVariant(plan)) {
    throw new OptionError(
      `${where}: expected a network that transformers has, received '${model.name}', which ${reason ?? ''}. ` +
        'transformers has the first generation of EfficientNet, B0 to B8 and L2.',
    );
  }
  const { inputShape, classifier } = plan;
  const { widthCoefficient, depthCoefficient, inputSize, stages } = specOf(plan);
  const [height, width] = [inputShape[0] ?? inputSize, inputShape[1] ?? inputSize];
  const filters = stages.map((stage) => stage.filters);
  return {
    architectures: [classifier === null ? 'EfficientNetModel' : 'EfficientNetForImageClassification'],
    model_type: TRANSFORMERS_TYPE,
    dtype: 'float32',
    num_channels: inputShape[2],
    image_size: height === width ? height : [height, width],
    width_coefficient: widthCoefficient,
    depth_coefficient: depthCoefficient,
    depth_divisor: 8,
    kernel_sizes: stages.map(({ kernelSize }) => kernelSize),
    in_channels: [STEM_FILTERS, ...filters.slice(0, -1)],
    out_channels: filters,
    depthwise_padding: firstBlocks(plan, [height, width])
      .filter(({ isSymmetric }) => isSymmetric)
      .map(({ block }) => block),
    strides: stages.map(({ strides }) => strides),
    num_block_repeats: stages.map(({ repeats }) => repeats),
    expand_ratios: stages.map(({ expandRatio }) => expandRatio),
    squeeze_expansion_ratio: stages[0]?.seRatio,
    hidden_act: activationOf(plan),
    hidden_dim: plan.top[0].outputShape[2],
    num_hidden_layers: 4 * stages.reduce((sum, { repeats }) => sum + repeats, 0),
    pooling_type: plan.pooling === 'max' ? 'max' : 'mean',
    batch_norm_eps: plan.batchNormEpsilon,
    batch_norm_momentum: plan.batchNormMomentum,
    dropout_rate: plan.dropoutRate,
    drop_connect_rate: plan.dropConnectRate,
    ...(classifier === null ? {} : labelsOf(model, plan)),
  };
}

function specOf({ variant }: ModelPlan): VariantSpec {
  return typeof variant === 'string' ? VARIANTS[variant] : variant;
}

function activationOf({ activation }: ModelPlan): string | undefined {
  return keysOf(TRANSFORMERS_ACTIVATIONS).find((name) => TRANSFORMERS_ACTIVATIONS[name] === activation);
}

function labelsOf(model: LayersModel, { classes, classifierActivation }: ModelPlan): Readonly<Record<string, unknown>> {
  const names = classNamesOf(model);
  const labels = Array.from({ length: classes }, (_, i) => (names?.length === classes ? names[i] : undefined) ?? `LABEL_${i}`);
  return {
    id2label: Object.fromEntries(labels.entries()),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    ...(classifierActivation === 'sigmoid' ? { problem_type: 'multi_label_classification' } : {}),
  };
}

/** The first blocks of the stages with stride 2: their number in the network, and whether they pad the same on all sides. */
function firstBlocks(
  plan: ModelPlan,
  input: readonly [number, number],
): { readonly block: number; readonly isSymmetric: boolean | undefined }[] {
  let block = 0;
  let sides = input.map((side) => Math.ceil(side / 2));
  return plan.stages.flatMap(({ blocks }) => {
    const [first] = blocks;
    const index = block;
    block += blocks.length;
    if (first?.spec.strides !== 2) return [];
    const odd = sides.filter((side) => side % 2 === 1).length;
    sides = sides.map((side) => Math.ceil(side / 2));
    // TensorFlow pads both ends equally at odd sizes. transformers cannot do so for one of the two axes only.
    const isSymmetric = first.spec.padding === 'symmetric' || odd === 2 ? true : odd === 0 ? false : undefined;
    return [{ block: index, isSymmetric }];
  });
}

/** Returns what the plan has that transformers does not, as the end of a sentence. */
function missingPart(plan: NetworkPlan): string | undefined {
  if (!hasVariant(plan)) return 'was composed by hand';
  const blocks = plan.stages.flatMap((stage) => stage.blocks);
  if (blocks.some(({ type }) => type === 'fusedMBConv')) return 'has fused blocks';
  if (plan.layers.some(({ role }) => role === 'own')) return 'has custom layers';
  if (!blocks.every(isTransformersBlock)) return 'has blocks without squeeze-and-excitation';
  const spec = specOf(plan);
  const scaled = (filters: number): number => roundFilters(filters, spec.widthCoefficient);
  if (plan.stem[0].outputShape[2] !== scaled(STEM_FILTERS)) return `has other filters in its stem than ${scaled(STEM_FILTERS)}`;
  if (plan.top[0].outputShape[2] !== scaled(TOP_FILTERS)) return `has other filters in its top than ${scaled(TOP_FILTERS)}`;
  for (const [i, { filters, repeats, seRatio, expandRatio, expandFrom }] of spec.stages.entries()) {
    const stage = plan.stages[i];
    if (
      !Number.isInteger(filters) ||
      expandFrom !== undefined ||
      stage?.outputShape[2] !== scaled(filters) ||
      stage.blocks.length !== Math.ceil(spec.depthCoefficient * repeats)
    )
      return 'scales its filters and blocks in another way';
    if (!Number.isInteger(expandRatio)) return 'has an expansion that is not a whole number';
    if (seRatio !== spec.stages[0]?.seRatio) return 'has different squeeze-and-excitation ratios';
    if (stage.blocks.some(({ hasSkip }, at) => hasSkip !== at > 0)) return 'has other skip connections';
  }
  if (activationOf(plan) === undefined) return `has the activation '${plan.activation}'`;
  if (plan.padding !== 'same') return "has padding 'symmetric'";
  const { inputSize } = spec;
  const input = [plan.inputShape[0] ?? inputSize, plan.inputShape[1] ?? inputSize] as const;
  if (input.some((side) => side % 2 === 1)) return 'takes images of an odd size, which transformers pads differently';
  if (firstBlocks(plan, input).some(({ isSymmetric }) => isSymmetric === undefined))
    return 'takes images of a size at which a feature map is odd along one axis only';
  return undefined;
}

const PLAIN = new Set([
  'InputLayer',
  'Rescaling',
  'ZeroPadding2D',
  'Activation',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling2D',
  'Reshape',
  'Multiply',
  'Add',
  'Dropout',
]);

/** Finds layers without weights that are not those of the plan: custom activations and a custom normalization. */
function customPart(model: LayersModel, plan: NetworkPlan): string | undefined {
  if (!hasVariant(plan)) return undefined;
  const rescaling = pixelRescaling(plan.normalization, plan.inputShape[2]);
  let isNormalized = rescaling === null;
  for (const layer of layersOf(model)) {
    if (layer.weights.length > 0) continue;
    const { activation, scale, offset } = layer.getConfig();
    const type = layer.getClassName();
    const ours = PLAIN.has(type) || (plan.activation === 'hardSwish' && type === 'ReLU');
    if (!ours || (type === 'Activation' && activation !== plan.activation)) return `has the custom layer '${layer.name}'`;
    if (layer.name !== 'rescaling') continue;
    isNormalized = String([scale, offset]) === String([rescaling?.scale, rescaling?.offset]);
  }
  return isNormalized ? undefined : 'has a custom normalization';
}
