// Builds a network with published weights: downloads, verifies, caches and loads them.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkOptions, invalid } from '../../core/internal.js';
import type { EfficientNetOptions } from '../../models/index.js';
import { BUILD_PRETRAINED_RULES, buildPretrained, findPretrained } from '../../weights/internal.js';
import type { LoadWeightsOptions, NamedArrays } from '../../weights/index.js';
import { refuseWebAddress } from '../files/internal.js';
import { arraysOf, weightsSource } from './loadWeights.js';
import { ensureBackend } from '../backends/index.js';
import { isRepository, repositoryModel } from './hub/repositoryModel.js';
import { CACHE_RULES, cachedFile, type CacheOptions } from './weightCache.js';

/** Options of {@link pretrained}, including those of {@link efficientNet} and {@link loadWeights}. */
export type PretrainedOptions = EfficientNetOptions &
  CacheOptions &
  LoadWeightsOptions & {
    /** The weights, if they are already available: the path of a file, its bytes, or its arrays. @defaultValue the cache, or a download */
    readonly weights?: string | Uint8Array | ArrayBuffer | NamedArrays | undefined;
  };

/**
 * Builds a network and loads published weights. The network takes pixels in [0, 255]. Its input size, preprocessing, normalization, padding
 * and epsilon are those of the checkpoint unless options say otherwise. The caller must dispose the model.
 *
 * The file comes from `weights`, or else from the cache folder, or else from its publisher. A downloaded file is verified by its published
 * digest, or by that of the first download if none is published, and kept in the cache folder. An interrupted download is resumed.
 *
 * A repository of the Hugging Face hub contains an EfficientNet of transformers or timm, with its classes and preprocessing. Its files are
 * in the cache folder of Python's `huggingface_hub`, whose environment variables (`HF_TOKEN`, `HF_HOME`, `HF_ENDPOINT`, `HF_HUB_OFFLINE`)
 * apply. A folder has the same files.
 *
 * @param name - A checkpoint of {@link PRETRAINED}, or a variant such as 'b0' for its default checkpoint. Or a repository of the Hugging
 *   Face hub: `'hf:owner/name'`, or `'hf:owner/name@revision'` with a branch, a tag or a commit. Or a folder: an absolute path, or one that
 *   begins with `./` or `../`.
 * @throws {OptionError} when there is no such checkpoint, or an option is unknown or has a wrong value. Nothing is read or downloaded then.
 * @throws {WeightsError} when the file cannot be downloaded, is not the published one, or does not fit the options. Also when a repository
 *   does not exist, needs a token, or is not an EfficientNet.
 * @throws {DataError} when there is no such folder, or it is the folder of a saved model.
 * @example
 * const model = await pretrained('b0');
 * const backbone = await pretrained('timm/tf_efficientnet_b3.ns_jft_in1k', {
 *   includeTop: false, pooling: 'avg', onProgress: progressBar(),
 * });
 * const ours = await pretrained('lite0', { classes: 10, head: 'skip' });
 * const theirs = await pretrained('hf:google/efficientnet-b0');
 */
export async function pretrained(name: string, options: PretrainedOptions = {}): Promise<LayersModel> {
  if (isRepository(name)) return repositoryModel('pretrained', name, given(options));
  const checkpoint = findPretrained('pretrained', name, OTHER_NAMES);
  const { weights, cacheFolder, mirror, onProgress, signal, ...buildOptions } = given(options);
  return buildPretrained('pretrained', checkpoint, buildOptions, {
    isCustom: weights !== undefined,
    ensureBackend,
    read: async () => arraysOf('pretrained', weights ?? (await cachedFile(...checkpoint, { cacheFolder, mirror, onProgress, signal }))),
  });
}

const OTHER_NAMES = "'hf:owner/name' is a repository of the Hugging Face hub, and './name' a folder.";

const RULES = { ...BUILD_PRETRAINED_RULES, ...CACHE_RULES, weights: weightsSource };

function given(options: PretrainedOptions): PretrainedOptions {
  const { weights } = (options as PretrainedOptions | null) ?? {};
  refuseWebAddress('pretrained', 'weights', weights);
  if ((weights as unknown) instanceof Promise) throw invalid('pretrained', 'weights', RULES.weights.expected, weights, 'Await the reader.');
  return checkOptions<object>('pretrained', options, RULES);
}
