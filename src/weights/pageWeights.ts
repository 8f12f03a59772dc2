// Gets the file of a published checkpoint on a web page: a kept file, or a download.

import { rule, type Rules } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { DOWNLOAD_RULES, type DownloadOptions } from './downloadOptions.js';
import { fetchAndKeep } from './fetchAndKeep.js';
import { NotServed } from './fetchFile.js';
import { keptFileName } from './fileNames.js';
import { keptFile } from './keptFiles.js';
import type { WeightsSource } from './pretrainedWeights.js';

/** Where a web page downloads weights from. */
export interface PageDownloadOptions extends DownloadOptions {
  /**
   * URL or path of a folder on a server that has the files, used instead of the publishers' servers. The file of
   * `timm/tf_efficientnet_lite0.in1k` must be named `timm_tf_efficientnet_lite0.in1k.safetensors`. A PyTorch file keeps its name. For
   * repositories of the Hugging Face hub, it is the address of a mirror of the hub.
   * @defaultValue none
   */
  readonly mirror?: string | undefined;
}

/** Validation rules of {@link PageDownloadOptions}. */
export const PAGE_DOWNLOAD_RULES: Rules<PageDownloadOptions> = {
  ...DOWNLOAD_RULES,
  mirror: rule<string>(
    'an http or https URL, or a path on this site',
    (value) =>
      typeof value === 'string' &&
      value !== '' &&
      URL.canParse(value, 'http://site') &&
      /^https?:/.test(new URL(value, 'http://site').href),
  ),
};

/**
 * Returns the bytes of a file. If no source has been kept, downloads the first one that is served, verifies its published digest, and keeps
 * it.
 *
 * @throws {WeightsError} when no source is served, the transfer breaks off, or the file does not have its digest.
 */
export async function pageWeights(
  where: string,
  name: string,
  sources: readonly WeightsSource[],
  { mirror, ...options }: PageDownloadOptions,
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  for (const { url, digest } of sources) {
    const kept = await keptFile(url, digest?.hex ?? '');
    if (kept !== undefined) return kept;
  }
  const failures: NotServed[] = [];
  for (const source of sources) {
    const file = keptFileName(name, source);
    const url = mirror === undefined ? source.url : `${mirror.replace(/\/$/, '')}/${file}`;
    try {
      return await fetchAndKeep(where, { url, published: source.url, name: file, digest: source.digest?.hex ?? '' }, options);
    } catch (cause) {
      if (!(cause instanceof NotServed)) throw cause;
      failures.push(cause);
    }
  }
  const remedy = mirror === undefined ? 'Serve the file yourself and pass that server as `mirror`' : 'Put the file there';
  throw new WeightsError(`${where}: ${failures.map(({ message }) => message).join('; ')}. ${remedy}, or pass the file as \`weights\`.`, {
    cause: failures[0],
  });
}
