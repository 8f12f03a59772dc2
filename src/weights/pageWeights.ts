// Gets the file of a published checkpoint on a web page: a kept file, or a download.

import { rule, type Rules } from '../core/internal.js';
import { WeightsError } from '../core/index.js';
import { DOWNLOAD_RULES, type DownloadOptions } from './downloadOptions.js';
import { fetchFile, NotServed } from './fetchFile.js';
import { keepFile, keptFile, sha256Of } from './keptFiles.js';
import type { WeightsSource } from './pretrainedWeights.js';

/** Where a web page downloads weights from. */
export interface PageDownloadOptions extends DownloadOptions {
  /**
   * URL or path of a folder on a server that has the files, used instead of the publishers' servers. The file of
   * `timm/tf_efficientnet_lite0.in1k` must be named `timm_tf_efficientnet_lite0.in1k.safetensors`. A PyTorch file keeps its name.
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
    const file = fileName(name, source);
    const url = mirror === undefined ? source.url : `${mirror.replace(/\/$/, '')}/${file}`;
    try {
      const bytes = await fetchFile(where, url, file, options);
      const sha256 = await sha256Of(bytes);
      refuseOther(where, url, source, sha256);
      if (sha256 !== undefined) await keepFile(source.url, bytes, sha256);
      return bytes;
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

function refuseOther(where: string, url: string, { digest }: WeightsSource, sha256: string | undefined): void {
  if (digest === null || sha256?.startsWith(digest.hex) === true) return;
  throw new WeightsError(
    sha256 === undefined
      ? `${where}: '${url}' cannot be verified, because this page is not secure. Serve the page by https or from localhost, or pass the file ` +
          `as \`weights\`.`
      : `${where}: expected a file whose sha256 begins with ${digest.hex.slice(0, 16)}, received ${sha256.slice(0, 16)}... from '${url}'. ` +
          `Nothing of it was kept.`,
  );
}

/** All files of the hub are named `model.safetensors`, so these get the name of the checkpoint. */
function fileName(name: string, { url }: WeightsSource): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  return last === 'model.safetensors' ? `${name.replaceAll('/', '_')}.safetensors` : last;
}
