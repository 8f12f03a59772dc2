// Builds an EfficientNet layers model from its plan.

import * as tfl from '@tensorflow/tfjs-layers';
import { checkOptions, either, type Given } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { completePreprocessing } from '../image/internal.js';
import {
  applyConvNormAct,
  applyHead,
  applyStage,
  applyStem,
  buildLayers,
  PARTS_RULES,
  pool,
  refuseUnusedAttention,
} from '../layers/internal.js';
import type { BlockParts } from '../layers/index.js';
import { pixelRescaling, PLAN_RULES, planFor } from '../scaling/internal.js';
import type {
  Activation,
  ModelPlan,
  NormActSpec,
  Normalization,
  PlanModelOptions,
  Variant,
  VariantSpec,
  WithoutTop,
  WithTop,
} from '../scaling/index.js';
import { setMetadata } from './metadata.js';
import { stockOutputs } from './planOf.js';
import { publishedEvaluation } from './publishedEvaluation.js';

/**
 * Options of {@link efficientNet}: the options of the plan, and functions that replace parts of the network.
 *
 * `activation` and `normalization` can be either. A function replaces the layer. Any other value is the name of the activation, or the
 * normalization of the pixels. To set both, put the names in the spec: `{ ...VARIANTS.b0, normalization: { mean, std } }`.
 */
export type EfficientNetOptions = (Omit<WithTop, 'activation' | 'normalization'> | Omit<WithoutTop, 'activation' | 'normalization'>) &
  Omit<BlockParts, 'activation' | 'normalization'> & {
    readonly activation?: Activation | BlockParts['activation'];
    readonly normalization?: Normalization | BlockParts['normalization'];
  };

/** Validation rules of {@link EfficientNetOptions}. */
export const EFFICIENT_NET_RULES = {
  ...PLAN_RULES,
  ...PARTS_RULES,
  activation: either(PLAN_RULES.activation, PARTS_RULES.activation),
  normalization: either(PLAN_RULES.normalization, PARTS_RULES.normalization),
};

/**
 * Builds an EfficientNet with random weights.
 *
 * The input is float32 RGB in [0, 255], `[batch, height, width, 3]`. The model normalizes the pixels itself.
 * The output is `[batch, classes]`, probabilities by default. The caller must dispose the model.
 *
 * Layer names are the same as in Keras. The model's preprocessing is the one that the authors of the variant used for evaluation; see
 * {@link setPreprocessing}.
 *
 * @param variant - The name of a published network, or a custom spec.
 * @throws {OptionError} when the variant or an option is unknown or invalid, or a custom part does not return a symbolic tensor.
 * @throws {ShapeError} when the input is too small for the network's strides, or a custom part returns the wrong shape.
 * @throws {BackendError} when no backend is ready: call `await selectBackend()` first.
 * @example
 * await selectBackend();
 * const model = efficientNet('b0', { classes: 10 });
 * const probabilities = model.predict(tf.zeros([1, 224, 224, 3])) as tf.Tensor; // [1, 10]
 * @see EfficientNet (arXiv 1905.11946); keras/src/applications/efficientnet.py
 */
export function efficientNet(variant: Variant | VariantSpec, options: EfficientNetOptions = {}): tfl.LayersModel {
  checkOptions<object>('efficientNet', options, EFFICIENT_NET_RULES);
  const { planOptions, parts } = splitParts(options);
  return buildEfficientNet('efficientNet', variant, planOptions, parts);
}

/** Separates the options of the plan from the custom parts. */
export function splitParts(options: EfficientNetOptions): { readonly planOptions: PlanModelOptions; readonly parts: BlockParts } {
  const isPart = ([option, value]: [string, unknown]): boolean =>
    option in PARTS_RULES && (!(option in PLAN_RULES) || typeof value === 'function');
  const entries = Object.entries(options);
  return {
    planOptions: Object.fromEntries(entries.filter((entry) => !isPart(entry))),
    parts: Object.fromEntries(entries.filter(isPart)),
  };
}

/** Builds an EfficientNet for another function, `where`, which appears in error messages. */
export function buildEfficientNet(
  where: string,
  variant: Variant | VariantSpec,
  planOptions: PlanModelOptions,
  parts: BlockParts,
): tfl.LayersModel {
  const plan = planFor(where, variant, planOptions);
  const given = checkOptions(where, parts, PARTS_RULES);
  refuseUnusedAttention(
    where,
    plan.stages.flatMap(({ blocks }) => blocks),
    given,
  );
  const preprocessing = completePreprocessing(where, publishedEvaluation(variant, plan.inputShape));
  const { model, stageOutputs } = buildLayers(where, () => buildModel(where, plan, given));
  const ownNames = String(stageOutputs) === String(stockOutputs(plan)) ? {} : { stageOutputs };
  setMetadata(model, { format: 1, variant, options: planOptions, preprocessing, ...ownNames });
  return model;
}

function buildModel(
  where: string,
  plan: ModelPlan,
  parts: Given<BlockParts>,
): { readonly model: tfl.LayersModel; readonly stageOutputs: readonly string[] } {
  const input = tfl.input({ shape: [...plan.inputShape], name: 'input_layer' });
  const { attention: _attention, block: _block, ...normActParts } = parts;
  const build = { seed: parts.seed };
  const { activation, padding, batchNormMomentum, batchNormEpsilon } = plan;
  const normAct: NormActSpec = { activation, padding, batchNormMomentum, batchNormEpsilon };

  let x = applyStem(where, normalize(input, plan), { filters: plan.stem[0].outputShape[2], ...normAct }, normActParts);
  const stageOutputs = [x.sourceLayer.name];
  for (const planned of plan.stages) {
    x = applyStage(where, x, planned, parts);
    stageOutputs.push(x.sourceLayer.name);
  }
  x = applyConvNormAct(where, x, { name: 'top', filters: plan.top[0].outputShape[2], kernelSize: 1, ...normAct }, normActParts);
  if (plan.includeTop) {
    x = applyHead(x, { classes: plan.classes, classifierActivation: plan.classifierActivation, dropoutRate: plan.dropoutRate }, build);
  } else if (plan.pooling !== null) {
    x = pool(x, plan.pooling);
  }
  return { model: connected(where, plan.name, input, x), stageOutputs };
}

function connected(where: string, name: string, inputs: tfl.SymbolicTensor, outputs: tfl.SymbolicTensor): tfl.LayersModel {
  try {
    return tfl.model({ inputs, outputs, name });
  } catch (cause) {
    const [reason] = (cause as Error).message.split(/ Layer names:|\n| The following/);
    throw new OptionError(
      `${where}: expected custom parts to apply layers to \`x\` and to name each after the given \`name\`, received an error: ` +
        String(reason),
      { cause },
    );
  }
}

// Computes (x / 255 - mean) / std as one multiplication and one addition.
function normalize(x: tfl.SymbolicTensor, plan: ModelPlan): tfl.SymbolicTensor {
  const rescaling = pixelRescaling(plan.normalization, plan.inputShape[2]);
  if (rescaling === null) return x;
  const { scale, offset } = rescaling;
  // The types allow only numbers, but the layer, its saved form and Keras accept one value per channel.
  const layer = tfl.layers.rescaling({ scale: scale as unknown as number, offset: offset as unknown as number, name: 'rescaling' });
  return layer.apply(x) as tfl.SymbolicTensor;
}
