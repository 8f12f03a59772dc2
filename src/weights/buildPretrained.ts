// Builds the network of a published checkpoint and loads its weights. Where the file comes from is decided by the caller.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { invalid } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { buildEfficientNet, EFFICIENT_NET_RULES, splitParts } from '../models/internal.js';
import { setPreprocessing, type EfficientNetOptions } from '../models/index.js';
import { planFor } from '../scaling/internal.js';
import type { PlanModelOptions } from '../scaling/index.js';
import { LOAD_WEIGHTS_RULES, loadWeightsFor, type LoadWeightsOptions } from './loadWeights.js';
import type { NamedArrays } from './namedArrays.js';
import { modelOptionsOf, type PretrainedWeights } from './pretrainedWeights.js';

/** Validation rules of the network and of loading its weights. */
export const BUILD_PRETRAINED_RULES = { ...EFFICIENT_NET_RULES, ...LOAD_WEIGHTS_RULES };

/** The weights of a checkpoint, and the backend that they are loaded into. */
export interface PretrainedSource {
  /** Whether the weights may differ from the published ones, for example in the number of classes. */
  readonly isCustom: boolean;
  readonly ensureBackend: () => Promise<unknown>;
  /** Returns the weights. It is called when the network has been built, so that a wrong option is refused before a download. */
  readonly read: () => Promise<Uint8Array | ArrayBuffer | NamedArrays>;
}

/** Builds the network for `where`, which has checked the options and appears in error messages. The caller must dispose the model. */
export async function buildPretrained(
  where: string,
  [name, checkpoint]: readonly [name: string, checkpoint: PretrainedWeights],
  options: EfficientNetOptions & LoadWeightsOptions,
  source: PretrainedSource,
): Promise<LayersModel> {
  const { layout, prefix, classifier, head, strict, ...modelOptions } = options;
  const { planOptions, parts } = splitParts(modelOptions);
  const complete = merged(where, checkpoint, planOptions);
  const { classes, includeTop } = planFor(where, checkpoint.variant, complete);
  if (!source.isCustom && includeTop && head !== 'skip' && strict !== false) refuseOtherHead(where, name, checkpoint, classes);
  await source.ensureBackend();
  // The plan is made before the file is read, because it checks the options, including custom parts.
  const model = buildEfficientNet(where, checkpoint.variant, complete, parts);
  try {
    await loadWeightsFor(where, model, await source.read(), { layout, prefix, classifier, head, strict });
    const [, height, width] = model.inputs[0]?.shape ?? [];
    setPreprocessing(model, { ...checkpoint.preprocessing, inputSize: [height ?? checkpoint.inputSize, width ?? checkpoint.inputSize] });
    return model;
  } catch (cause) {
    model.dispose();
    throw cause;
  }
}

/** Refuses options that do not fit the classifier of the checkpoint, before it is downloaded. */
function refuseOtherHead(where: string, name: string, weights: PretrainedWeights, classes: number): void {
  const remedy = "Pass `head: 'skip'` for a classifier of your own.";
  if (!weights.includeTop) throw invalid(where, 'includeTop', 'false', true, `The file of '${name}' has no classifier. ${remedy}`);
  if (classes !== weights.classes) throw invalid(where, 'classes', `the ${weights.classes} classes of '${name}'`, classes, remedy);
}

/** The checkpoint's options, overridden by the caller's. Options of the classifier are removed when there is no classifier. */
function merged(where: string, weights: PretrainedWeights, options: PlanModelOptions): PlanModelOptions {
  const { classes, includeTop, ...rest } = modelOptionsOf(weights);
  const withTop = options.includeTop ?? includeTop ?? true;
  if (
    options.inputChannels !== undefined &&
    options.inputChannels !== 3 &&
    options.normalization === undefined &&
    rest.normalization === 'imagenet'
  ) {
    throw new OptionError(
      `${where}: \`normalization\` must be stated for ${options.inputChannels} channels. That of the published weights is for RGB.`,
    );
  }
  return (withTop ? { ...rest, classes: classes ?? 1000, ...options } : { ...rest, ...options, includeTop: false }) as PlanModelOptions;
}
