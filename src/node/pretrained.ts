// A network with published weights in one call: found, fetched, checked, cached, loaded.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { OptionError } from '../core/index.js';
import { buildEfficientNet, setPreprocessing, splitParts, type EfficientNetOptions } from '../models/index.js';
import type { PlanModelOptions } from '../scaling/index.js';
import { modelOptionsOf, findPretrained, loadWeights, type PretrainedWeights, type LoadWeightsOptions, type NamedArrays } from '../weights/index.js';
import { readWeightFile } from './readWeightFile.js';
import { ensureBackend } from './selectBackend.js';
import { cachedFile, type CacheOptions } from './weightCache.js';

/** Options of {@link pretrained}: its own, and those of {@link efficientNet} and {@link loadWeights}. */
export type PretrainedOptions = EfficientNetOptions & CacheOptions & LoadWeightsOptions & {
  /** A file of the checkpoint that is at hand: a path, its bytes, or its arrays. @defaultValue the cache, or a download */
  readonly weights?: string | Uint8Array | NamedArrays | undefined;
};

/**
 * Builds a network and loads published weights, ready for pixels in [0, 255]; input size, preprocessing, normalization, padding and epsilon are the
 * checkpoint's unless stated. The caller disposes the model.
 *
 * The file comes from `weights`, else from the cache folder, else from its publisher: checked against its published digest (without one,
 * against that of the first download), resumed where a download broke off, and kept for the next time.
 *
 * @param name - A checkpoint of {@link PRETRAINED}, or a variant for its usual one.
 * @throws {OptionError} when there is no such checkpoint, or an option is impossible.
 * @throws {WeightsError} when the file cannot be fetched, is not the published one, or does not fit the options.
 * @example
 * const model = await pretrained('b0');
 * const backbone = await pretrained('timm/tf_efficientnet_b3.ns_jft_in1k', { includeTop: false, pooling: 'avg', onProgress: progressBar() });
 * const ours = await pretrained('lite0', { classes: 10, head: 'skip' });
 */
export async function pretrained(name: string, options: PretrainedOptions = {}): Promise<LayersModel> {
  const { weights, layout, prefix, classifier, head, strict, cacheFolder, mirror, onProgress, signal, ...modelOptions } = options;
  const [checkpointName, checkpoint] = findPretrained('pretrained', name);
  await ensureBackend();
  const cache: CacheOptions = { onProgress, signal, ...(cacheFolder === undefined ? {} : { cacheFolder }), ...(mirror === undefined ? {} : { mirror }) };
  const arrays = weights instanceof Map
    ? (weights as NamedArrays)
    : await readWeightFile((weights as string | Uint8Array | undefined) ?? (await cachedFile(checkpointName, checkpoint, cache)));
  const { planOptions, parts } = splitParts(modelOptions);
  const model = buildEfficientNet('pretrained', checkpoint.variant, merged(checkpoint, planOptions), parts);
  try {
    await loadWeights(model, arrays, defined({ layout, prefix, classifier, head, strict }));
    const [, height, width] = model.inputs[0]?.shape ?? [];
    setPreprocessing(model, { ...checkpoint.preprocessing, inputSize: [height ?? checkpoint.inputSize, width ?? checkpoint.inputSize] });
    return model;
  } catch (cause) {
    model.dispose();
    throw cause;
  }
}

/** Options without those that are not given. */
function defined(options: { readonly [K in keyof LoadWeightsOptions]: LoadWeightsOptions[K] | undefined }): LoadWeightsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The checkpoint's options, the caller's on top; those of a classifier go where there is none. */
function merged(weights: PretrainedWeights, options: PlanModelOptions): PlanModelOptions {
  const { classes, includeTop, ...rest } = modelOptionsOf(weights);
  const withTop = options.includeTop ?? includeTop ?? true;
  if (options.inputChannels !== undefined && options.inputChannels !== 3 && options.normalization === undefined && rest.normalization === 'imagenet') {
    throw new OptionError(`pretrained: \`normalization\` must be stated for ${options.inputChannels} channels. That of the published weights is for RGB.`);
  }
  return (withTop ? { ...rest, classes: classes ?? 1000, ...options } : { ...rest, ...options, includeTop: false }) as PlanModelOptions;
}
