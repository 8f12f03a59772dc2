// Builds a network with published weights: downloads, verifies, caches and loads them.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, either, invalid } from '../../core/internal.js';
import type { EfficientNetOptions } from '../../models/index.js';
import { BUILD_PRETRAINED_RULES, buildPretrained, findPretrained, namedArrays } from '../../weights/internal.js';
import type { LoadWeightsOptions, NamedArrays } from '../../weights/index.js';
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
  const checkpoint = findPretrained('pretrained', name);
  const { weights, cacheFolder, mirror, onProgress, signal, ...buildOptions } = given(options);
  return buildPretrained('pretrained', checkpoint, buildOptions, {
    isCustom: weights !== undefined,
    ensureBackend,
    read: async () => arraysOf('pretrained', weights ?? (await cachedFile(...checkpoint, { cacheFolder, mirror, onProgress, signal }))),
  });
}

const RULES = { ...BUILD_PRETRAINED_RULES, ...CACHE_RULES, weights: either(pathOrBytes, namedArrays) };

function given(options: PretrainedOptions): PretrainedOptions {
  const { weights } = (options as PretrainedOptions | null) ?? {};
  refuseWebAddress('pretrained', 'weights', weights);
  if ((weights as unknown) instanceof Promise) throw invalid('pretrained', 'weights', RULES.weights.expected, weights, 'Await the reader.');
  return checkOptions<object>('pretrained', options, RULES);
}
