// Builds a network with published weights: downloads, verifies, caches and loads them.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, either, invalid } from '../../core/internal.js';
import { OptionError } from '../../core/index.js';
import { buildEfficientNet, EFFICIENT_NET_RULES, splitParts } from '../../models/internal.js';
import { setPreprocessing, type EfficientNetOptions } from '../../models/index.js';
import { planFor } from '../../scaling/internal.js';
import type { PlanModelOptions } from '../../scaling/index.js';
import { findPretrained, LOAD_WEIGHTS_RULES, loadWeightsFor, namedArrays } from '../../weights/internal.js';
import { modelOptionsOf, type LoadWeightsOptions, type NamedArrays, type PretrainedWeights } from '../../weights/index.js';
import { refuseWebAddress } from '../files/internal.js';
import { arraysOf } from './loadWeights.js';
import { pathOrBytes } from './readWeightFile.js';
import { ensureBackend } from '../backends/index.js';
import { CACHE_RULES, cachedFile, type CacheOptions } from './weightCache.js';

/** Options of {@link pretrained}, including those of {@link efficientNet} and {@link loadWeights}. */
export type PretrainedOptions = EfficientNetOptions &
  CacheOptions &
  LoadWeightsOptions & {
    /** The weights, if they are already available: the path of a file, its bytes, or its arrays. @defaultValue the cache, or a download */
    readonly weights?: string | Uint8Array | NamedArrays | undefined;
  };

/**
 * Builds a network and loads published weights. The network takes pixels in [0, 255]. Its input size, preprocessing, normalization, padding
 * and epsilon are those of the checkpoint unless options say otherwise. The caller must dispose the model.
 *
 * The file comes from `weights`, or else from the cache folder, or else from its publisher. A downloaded file is verified by its published
 * digest, or by that of the first download if none is published, and kept in the cache folder. An interrupted download is resumed.
 *
 * @param name - A checkpoint of {@link PRETRAINED}, or a variant such as 'b0' for its default checkpoint.
 * @throws {OptionError} when there is no such checkpoint, or an option is unknown or has a wrong value. Nothing is read or downloaded then.
 * @throws {WeightsError} when the file cannot be downloaded, is not the published one, or does not fit the options.
 * @example
 * const model = await pretrained('b0');
 * const backbone = await pretrained('timm/tf_efficientnet_b3.ns_jft_in1k', {
 *   includeTop: false, pooling: 'avg', onProgress: progressBar(),
 * });
 * const ours = await pretrained('lite0', { classes: 10, head: 'skip' });
 */
export async function pretrained(name: string, options: PretrainedOptions = {}): Promise<LayersModel> {
  const [checkpointName, checkpoint] = findPretrained('pretrained', name);
  const { weights, layout, prefix, classifier, head, strict, cacheFolder, mirror, onProgress, signal, ...modelOptions } = given(options);
  const { planOptions, parts } = splitParts(modelOptions);
  const complete = merged(checkpoint, planOptions);
  const { classes, includeTop } = planFor('pretrained', checkpoint.variant, complete);
  if (weights === undefined && includeTop && head !== 'skip' && strict !== false) refuseOtherHead(checkpointName, checkpoint, classes);
  await ensureBackend();
  // The plan is made before the file is read, because it checks the options, including custom parts.
  const model = buildEfficientNet('pretrained', checkpoint.variant, complete, parts);
  try {
    const source = weights ?? (await cachedFile(checkpointName, checkpoint, defined({ cacheFolder, mirror, onProgress, signal })));
    await loadWeightsFor('pretrained', model, await arraysOf('pretrained', source), defined({ layout, prefix, classifier, head, strict }));
    const [, height, width] = model.inputs[0]?.shape ?? [];
    setPreprocessing(model, { ...checkpoint.preprocessing, inputSize: [height ?? checkpoint.inputSize, width ?? checkpoint.inputSize] });
    return model;
  } catch (cause) {
    model.dispose();
    throw cause;
  }
}

const RULES = { ...EFFICIENT_NET_RULES, ...LOAD_WEIGHTS_RULES, ...CACHE_RULES, weights: either(pathOrBytes, namedArrays) };

function given(options: PretrainedOptions): PretrainedOptions {
  const { weights } = (options as PretrainedOptions | null) ?? {};
  refuseWebAddress('pretrained', 'weights', weights);
  if ((weights as unknown) instanceof Promise) throw invalid('pretrained', 'weights', RULES.weights.expected, weights, 'Await the reader.');
  return checkOptions<object>('pretrained', options, RULES);
}

/** Removes options that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Refuses options that do not fit the classifier of the checkpoint, before it is downloaded. */
function refuseOtherHead(name: string, weights: PretrainedWeights, classes: number): void {
  const remedy = "Pass `head: 'skip'` for a classifier of your own.";
  if (!weights.includeTop) throw invalid('pretrained', 'includeTop', 'false', true, `The file of '${name}' has no classifier. ${remedy}`);
  if (classes !== weights.classes) throw invalid('pretrained', 'classes', `the ${weights.classes} classes of '${name}'`, classes, remedy);
}

/** The checkpoint's options, overridden by the caller's. Options of the classifier are removed when there is no classifier. */
function merged(weights: PretrainedWeights, options: PlanModelOptions): PlanModelOptions {
  const { classes, includeTop, ...rest } = modelOptionsOf(weights);
  const withTop = options.includeTop ?? includeTop ?? true;
  if (
    options.inputChannels !== undefined &&
    options.inputChannels !== 3 &&
    options.normalization === undefined &&
    rest.normalization === 'imagenet'
  ) {
    throw new OptionError(
      `pretrained: \`normalization\` must be stated for ${options.inputChannels} channels. That of the published weights is for RGB.`,
    );
  }
  return (withTop ? { ...rest, classes: classes ?? 1000, ...options } : { ...rest, ...options, includeTop: false }) as PlanModelOptions;
}
