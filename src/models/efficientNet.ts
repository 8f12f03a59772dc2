// From plan to layers: a walk, nothing is worked out here.

import * as tfl from '@tensorflow/tfjs-layers';
import { completePreprocessing } from '../image/index.js';
import { convNormAct, head, pool, requireBackend, stage, stem, type BlockParts, type BuildOptions } from '../layers/index.js';
import { pixelRescaling, planFor, type ModelPlan, type NormActSpec, type PlanOptions, type Variant, type VariantSpec } from '../scaling/index.js';
import { setMetadata } from './metadata.js';
import { publishedEvaluation } from './publishedEvaluation.js';

/** Options of {@link efficientNet}. */
export type EfficientNetOptions = PlanOptions & BlockParts;

/**
 * Builds an EfficientNet with random weights: pixels in [0, 255] in, probabilities out.
 *
 * The input is float32 RGB in [0, 255], `[batch, height, width, 3]`; normalization is part of the model. Layer names are Keras'.
 * Channels come last. The caller disposes the model. Its preprocessing is the evaluation of the variant's authors; see {@link setPreprocessing}.
 *
 * @param variant - The name of a published network, or a spec of one's own.
 * @throws {OptionError} when the variant or an option is unknown or impossible.
 * @throws {ShapeError} when the input is too small for the network's strides.
 * @throws {BackendError} when no backend is ready: call `await selectBackend()` first.
 * @example
 * await selectBackend();
 * const model = efficientNet('b0', { classes: 10 });
 * const probabilities = model.predict(tf.zeros([1, 224, 224, 3])) as tf.Tensor; // [1, 10]
 * @see EfficientNet (arXiv 1905.11946); keras/src/applications/efficientnet.py
 */
export function efficientNet(variant: Variant | VariantSpec, options: EfficientNetOptions = {}): tfl.LayersModel {
  const { seed, attention, ...planOptions } = options;
  const plan = planFor('efficientNet', variant, planOptions);
  requireBackend('efficientNet');
  const model = buildModel(plan, { ...(seed === undefined ? {} : { seed }), ...(attention === undefined ? {} : { attention }) });
  setMetadata(model, { format: 1, variant, options: planOptions, preprocessing: completePreprocessing('efficientNet', publishedEvaluation(variant, plan.inputShape)) });
  return model;
}

function buildModel(plan: ModelPlan, parts: BlockParts): tfl.LayersModel {
  const input = tfl.input({ shape: [...plan.inputShape], name: 'input_layer' });
  const build: BuildOptions = parts.seed === undefined ? {} : { seed: parts.seed };
  const { activation, padding, batchNormMomentum, batchNormEpsilon } = plan;
  const normAct: NormActSpec = { activation, padding, batchNormMomentum, batchNormEpsilon };

  let x = stem(normalize(input, plan), { filters: plan.stem[0].outputShape[2], ...normAct }, build);
  for (const { spec } of plan.stages) x = stage(x, spec, parts);
  x = convNormAct(x, { name: 'top', filters: plan.top[0].outputShape[2], kernelSize: 1, ...normAct }, build);
  if (plan.includeTop) {
    x = head(x, { classes: plan.classes, classifierActivation: plan.classifierActivation, dropoutRate: plan.dropoutRate }, build);
  } else if (plan.pooling !== null) {
    x = pool(x, plan.pooling);
  }
  return tfl.model({ inputs: input, outputs: x, name: plan.name });
}

// (x / 255 - mean) / std as one multiplication and one addition.
function normalize(x: tfl.SymbolicTensor, plan: ModelPlan): tfl.SymbolicTensor {
  const rescaling = pixelRescaling(plan.normalization, plan.inputShape[2]);
  if (rescaling === null) return x;
  const { scale, offset } = rescaling;
  // Typed as numbers, yet the layer, its file and Keras take one value a channel.
  const layer = tfl.layers.rescaling({ scale: scale as unknown as number, offset: offset as unknown as number, name: 'rescaling' });
  return layer.apply(x) as tfl.SymbolicTensor;
}
