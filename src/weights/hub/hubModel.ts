// Builds a model from a repository in the form of the Hugging Face hub, wherever its files are.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, invalid, sides } from '../../core/internal.js';
import { OptionError, WeightsError } from '../../core/index.js';
import { buildEfficientNet, EFFICIENT_NET_RULES, splitParts } from '../../models/internal.js';
import { setClassNames, setPreprocessing, type EfficientNetOptions } from '../../models/index.js';
import { planFor } from '../../scaling/internal.js';
import type { PlanModelOptions } from '../../scaling/index.js';
import { LOAD_WEIGHTS_RULES, loadWeightsFor, type LoadWeightsOptions } from '../loadWeights.js';
import { readJson, type HubFiles, type JsonFile } from './hubFiles.js';
import { describeForeign, type HubInput, type HubNetwork } from './hubNetwork.js';
import { readHubWeights } from './hubWeights.js';
import { preprocessorConfig } from './preprocessorConfig.js';
import { timmInput, timmNetwork, timmVariant } from './timmNetwork.js';
import { TRANSFORMERS_TYPE, transformersNetwork } from './transformersNetwork.js';

/** Options of {@link hubModel}: those of {@link efficientNet} and {@link loadWeights}. */
export type HubModelOptions = EfficientNetOptions & LoadWeightsOptions;

/** Validation rules of {@link HubModelOptions}. */
export const HUB_MODEL_RULES = { ...EFFICIENT_NET_RULES, ...LOAD_WEIGHTS_RULES };

/**
 * Builds the network of a repository of transformers or timm, and loads its weights. The class names, the preprocessing and the
 * normalization are those of the repository unless options say otherwise. The caller must dispose the model.
 *
 * The configuration is read first. The weights are only read if the repository is an EfficientNet that the options fit. A backend must be
 * ready.
 *
 * @param where - The function that the user called, for error messages.
 * @throws {OptionError} when an option is unknown or has a wrong value, or does not fit the repository.
 * @throws {WeightsError} when the repository is no EfficientNet, or its weights are missing, damaged or do not fit.
 */
export async function hubModel(where: string, files: HubFiles, options: HubModelOptions = {}): Promise<LayersModel> {
  const { layout, prefix, classifier, head, strict, ...modelOptions } = checkOptions<object>(
    where,
    options,
    HUB_MODEL_RULES,
  ) as HubModelOptions;
  const { planOptions, parts } = splitParts(modelOptions);
  const { network, input } = await describedBy(where, files, planOptions);
  if (input === undefined && planOptions.normalization === undefined) {
    throw new OptionError(
      `${where}: \`normalization\` must be stated for '${files.name}', which does not say how it normalizes pixels. ` +
        "For most networks of ImageNet it is 'imagenet'.",
    );
  }
  const complete = merged(network, input, planOptions);
  const { classes, includeTop } = planFor(where, network.variant, complete);
  if (includeTop && head !== 'skip' && strict !== false) refuseOtherHead(where, files, network, classes);
  const model = buildEfficientNet(where, network.variant, complete, parts);
  try {
    const arrays = await readHubWeights(where, files);
    const [, height, width] = model.inputs[0]?.shape ?? [];
    if (input !== undefined) {
      const { preprocessing } = input;
      const [rows, columns] = sides(preprocessing.inputSize);
      setPreprocessing(model, { ...preprocessing, inputSize: [height ?? rows, width ?? columns] });
    }
    const { classNames } = network;
    if (includeTop && head !== 'skip' && classNames?.length === classes) setClassNames(model, classNames);
    const loading = { layout: layout ?? network.layout, prefix, classifier, head, strict };
    await loadWeightsFor(where, model, arrays, Object.fromEntries(Object.entries(loading).filter(([, value]) => value !== undefined)));
    return model;
  } catch (cause) {
    model.dispose();
    throw cause;
  }
}

interface Described {
  readonly network: HubNetwork;
  readonly input: HubInput | undefined;
}

/** Reads the configurations of a repository. */
async function describedBy(where: string, files: HubFiles, { inputSize }: PlanModelOptions): Promise<Described> {
  const config = await readJson(where, files, 'config.json');
  if (config === undefined) {
    throw new WeightsError(`${where}: expected a repository of transformers or timm, received '${files.name}', which has no config.json.`);
  }
  const { model_type: type, architecture, num_channels: channels } = config.content;
  if (type === TRANSFORMERS_TYPE) {
    const processor = await readJson(where, files, 'preprocessor_config.json');
    const input = processor === undefined ? undefined : preprocessorConfig(processor, typeof channels === 'number' ? channels : 3);
    const size = inputSize ?? input?.preprocessing.inputSize;
    return { network: transformersNetwork(config, size === undefined ? undefined : sides(size)), input };
  }
  const variant =
    typeof architecture === 'string' && (type === undefined || type === 'timm_wrapper') ? timmVariant(architecture) : undefined;
  if (variant === undefined) throw foreign(where, files, config);
  const input = timmInput(config) ?? (await wrapperInput(where, files, type));
  return { network: timmNetwork(config, variant), input };
}

/** transformers writes the settings of a timm model to the configuration of its processor. */
async function wrapperInput(where: string, files: HubFiles, type: unknown): Promise<HubInput | undefined> {
  const processor = type === 'timm_wrapper' ? await readJson(where, files, 'preprocessor_config.json') : undefined;
  return processor === undefined ? undefined : timmInput(processor);
}

function foreign(where: string, files: HubFiles, config: JsonFile): WeightsError {
  const what = describeForeign(config);
  return new WeightsError(
    `${where}: expected an EfficientNet of transformers or timm, received '${files.name}', ` +
      (what === undefined
        ? 'whose config.json has neither `model_type` nor `architecture`.'
        : `which is ${what}. This library has EfficientNet B0 to B8, L2, Lite, EdgeTPU and V2.`),
  );
}

/** The options of the repository, overridden by the caller's. Options of the classifier are removed where there is none. */
function merged({ options: own }: HubNetwork, input: HubInput | undefined, options: PlanModelOptions): PlanModelOptions {
  const { includeTop, classes, classifierActivation, pooling, ...network } = own;
  const common = {
    ...network,
    ...(input === undefined ? {} : { inputSize: input.preprocessing.inputSize, normalization: input.normalization }),
  };
  if (options.includeTop ?? includeTop ?? true) return { ...common, classes, classifierActivation, ...options } as PlanModelOptions;
  // The pooling of a repository without classifier is part of its network.
  return { ...common, ...(includeTop === false ? { pooling } : {}), ...options, includeTop: false } as PlanModelOptions;
}

/** Refuses options that do not fit the classifier of the repository, before the weights are read. */
function refuseOtherHead(where: string, { name }: HubFiles, { options }: HubNetwork, classes: number): void {
  const remedy = "Pass `head: 'skip'` for a classifier of your own.";
  if (options.includeTop === false) throw invalid(where, 'includeTop', 'false', true, `'${name}' has no classifier. ${remedy}`);
  if (classes !== options.classes) throw invalid(where, 'classes', `the ${String(options.classes)} classes of '${name}'`, classes, remedy);
}
