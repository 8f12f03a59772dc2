// Caches downloaded weights in a folder, so that each file is downloaded once.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { rule, show, text } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import { DOWNLOAD_RULES, fileNameOf, keptFileName } from '../../weights/internal.js';
import type { Digest, DownloadOptions, PretrainedWeights, WeightsSource } from '../../weights/index.js';
import { digestOf, download, sizeOf, Unreachable } from './download.js';
import { replaceFile } from '../files/internal.js';

/** Where weights are cached and downloaded from. */
export interface CacheOptions extends DownloadOptions {
  /**
   * The folder of the cache. @defaultValue `effnet-ts` in the user's cache folder, `~/.cache` on Linux; for the Hugging Face hub that of
   * its Python library, `~/.cache/huggingface/hub`
   */
  readonly cacheFolder?: string | undefined;
  /**
   * Base URL of a server with the same files under the same names, used instead of the publishers. For a repository of the Hugging Face
   * hub, set the environment variable `HF_ENDPOINT`. @defaultValue none
   */
  readonly mirror?: string | undefined;
}

/** The rules for {@link CacheOptions}. */
export const CACHE_RULES = {
  cacheFolder: text,
  mirror: rule<string>('an http or https URL', (value) => typeof value === 'string' && URL.canParse(value) && /^https?:/.test(value)),
  ...DOWNLOAD_RULES,
};

/**
 * Returns the path of the file of published weights, and downloads the file if it is not cached. Its digest is verified every time.
 *
 * @throws {WeightsError} when the file cannot be downloaded or does not have its digest, or the folder cannot be written.
 */
export async function cachedFile(name: string, weights: PretrainedWeights, options: CacheOptions): Promise<string> {
  const folder = options.cacheFolder ?? envPaths('effnet-ts', { suffix: '' }).cache;
  const places = weights.sources.map((source) => ({ source, path: join(folder, keptFileName(name, source)) }));
  try {
    for (const { source, path } of places) {
      if ((await sizeOf(path)) > 0 && (await isIntact(path, source))) return path;
    }
    return await fetched(name, places, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR' && code !== 'ENOSPC') throw cause;
    throw new WeightsError(
      `pretrained: the cache folder '${folder}' cannot be written (${code}). ` +
        `Give another with \`cacheFolder\`, or a file with \`weights\`.`,
      { cause },
    );
  }
}

interface Place {
  readonly source: WeightsSource;
  readonly path: string;
}

async function fetched(name: string, places: readonly Place[], options: CacheOptions): Promise<string> {
  const failures: Unreachable[] = [];
  for (const { source, path } of places) {
    const url = options.mirror === undefined ? source.url : `${options.mirror.replace(/\/$/, '')}/${fileNameOf(source)}`;
    try {
      await download(url, path, await expectedDigest(path, source), options);
      await record(path, source);
      return path;
    } catch (cause) {
      if (!(cause instanceof Unreachable)) throw cause;
      failures.push(cause);
    }
  }
  const [first] = places;
  throw new WeightsError(
    `pretrained: ${failures.map(({ message }) => message).join('; ')}. ` +
      `Fetch '${first?.source.url ?? name}' by other means and put it at '${first?.path ?? ''}', ` +
      `or give a file with \`weights\` or a server with \`mirror\`.`,
    { cause: failures[0] },
  );
}

/** The published digest, or else that of the first download. `null` if there is neither. */
async function expectedDigest(path: string, source: WeightsSource): Promise<Digest | null> {
  if (source.digest !== null) return source.digest;
  const record = `${path}.sha256`;
  const content = await readFile(record, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  });
  if (content === null) return null;
  const hex = /^[0-9a-f]{64}(?=\s|$)/i.exec(content)?.[0].toLowerCase();
  if (hex === undefined)
    throw new WeightsError(
      `pretrained: expected the SHA-256 of the weights in '${record}', received ${show(content.trim())}. ` +
        `Delete it together with '${path}' to download the weights again.`,
    );
  return { algorithm: 'sha256', hex };
}

async function record(path: string, source: WeightsSource): Promise<void> {
  if (source.digest !== null) return;
  await replaceFile(`${path}.sha256`, await digestOf(path, 'sha256'));
}

async function isIntact(path: string, source: WeightsSource): Promise<boolean> {
  const expected = await expectedDigest(path, source);
  if (expected === null) {
    // The user put the file there. Its digest is recorded for later calls.
    await record(path, source);
    return true;
  }
  if ((await digestOf(path, expected.algorithm)).startsWith(expected.hex)) return true;
  await rm(path, { force: true });
  return false;
}
