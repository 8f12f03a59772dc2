// Builds a network with published weights on a web page: downloads, verifies, keeps and loads them. The Node entry has its own function.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions } from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { ensureBackend } from '../backends/index.js';
import type { EfficientNetOptions } from '../models/index.js';
import { BUILD_PRETRAINED_RULES, buildPretrained } from './buildPretrained.js';
import { hubModel } from './hub/hubModel.js';
import { isHubName, parseHubName } from './hub/hubName.js';
import { pageRepository } from './hub/pageRepository.js';
import { sourceRemedy, weightsSource, type LoadWeightsOptions } from './loadWeights.js';
import type { NamedArrays } from './namedArrays.js';
import { findPagePretrained, pageSources } from './pagePretrained.js';
import { PAGE_DOWNLOAD_RULES, pageWeights, type PageDownloadOptions } from './pageWeights.js';

/** Options of {@link pretrained}, including those of {@link efficientNet} and {@link loadWeights}. */
export type PretrainedOptions = EfficientNetOptions &
  PageDownloadOptions &
  LoadWeightsOptions & {
    /**
     * The weights, if they are already available: the bytes of a safetensors or PyTorch file, or the arrays that a reader returned.
     * @defaultValue the file that the browser kept, or a download
     */
    readonly weights?: Uint8Array | ArrayBuffer | NamedArrays | undefined;
  };

const RULES = { ...BUILD_PRETRAINED_RULES, ...PAGE_DOWNLOAD_RULES, weights: weightsSource };

/**
 * Builds a network and loads published weights, on a web page or in a worker. The network takes pixels in [0, 255]. Its input size,
 * preprocessing, normalization, padding and epsilon are those of the checkpoint unless options say otherwise. The caller must dispose the
 * model.
 *
 * The file comes from `weights`, or else from the browser's storage, or else from its publisher. A page can read files of another site only
 * if that site allows it, as the Hugging Face hub does for the checkpoints of timm. Without `mirror`, the others are refused. The file is
 * kept in the Cache API under the name `effnet-ts`, with its SHA-256, which is verified whenever the file is read. Insecure pages, some
 * private windows and Node have no such storage. There the file is downloaded again at every call.
 *
 * A public repository of the Hugging Face hub is an EfficientNet of transformers or timm, which states its classes and preprocessing. Its
 * files are kept in the same way. Without a connection, the last commit is used.
 *
 * @param name - A checkpoint of {@link PRETRAINED}, or a variant such as 'b0' for its default checkpoint, which is the same in Node.
 *   Or a repository of the Hugging Face hub: `'hf:owner/name'`, or `'hf:owner/name@revision'` with a branch, a tag or a commit.
 * @throws {OptionError} when there is no such checkpoint, a page cannot download or read its file, or an option is unknown or has a wrong
 *   value. Nothing is downloaded then.
 * @throws {WeightsError} when the file cannot be downloaded, is not the published one, or does not fit the options. Also when a repository
 *   does not exist, is not public, or is not an EfficientNet.
 * @throws {BackendError} when no backend is imported or none works.
 * @example
 * await selectBackend(['webgl']);
 * const model = await pretrained('lite0', {
 *   onProgress: ({ done, total, rate }) => console.log(`${done} of ${total} bytes, ${rate} bytes per second`),
 * });
 * const keras = await pretrained('keras/b0', { weights: await readKeras(bytes) });
 * const theirs = await pretrained('hf:google/efficientnet-b0');
 */
export async function pretrained(name: string, options: PretrainedOptions = {}): Promise<LayersModel> {
  if (isHubName(name)) return repositoryModel(name, given(options));
  const checkpoint = findPagePretrained('pretrained', name);
  const { weights, mirror, onProgress, signal, ...buildOptions } = given(options);
  const sources = weights === undefined ? pageSources('pretrained', checkpoint, mirror !== undefined) : [];
  return buildPretrained('pretrained', checkpoint, buildOptions, {
    isCustom: weights !== undefined,
    ensureBackend,
    read: async () => weights ?? pageWeights('pretrained', checkpoint[0], sources, { mirror, onProgress, signal }),
  });
}

function given(options: PretrainedOptions): PretrainedOptions {
  const { weights } = (options as PretrainedOptions | null) ?? {};
  if (weights !== undefined) check('pretrained', 'weights', weights, weightsSource, sourceRemedy('pretrained', weights));
  return checkOptions<object>('pretrained', options, RULES);
}

async function repositoryModel(name: string, { weights, mirror, onProgress, signal, ...options }: PretrainedOptions): Promise<LayersModel> {
  const repository = parseHubName('pretrained', name);
  if (weights !== undefined) {
    throw new OptionError(
      `pretrained: \`weights\` cannot be used for '${name}': a repository has weights of its own. Load others afterwards with \`loadWeights\`.`,
    );
  }
  const files = await pageRepository('pretrained', repository, { onProgress, signal }, mirror);
  await ensureBackend();
  const model = await hubModel('pretrained', files, options);
  await files.keep();
  return model;
}
