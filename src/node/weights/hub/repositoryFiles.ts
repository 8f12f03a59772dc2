// The files of a repository of the Hugging Face hub: from the cache folder that Python's `huggingface_hub` uses, too, or else downloaded
// into it.

import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WeightsError } from '../../../core/index.js';
import type { DownloadOptions } from '../../../weights/index.js';
import type { HubFiles, HubName } from '../../../weights/internal.js';
import { download, Unreachable } from '../download.js';
import {
  blobPath,
  cachedCommit,
  cachedFile,
  COMMIT,
  digestFrom,
  hasBlob,
  linkBlob,
  recordCommit,
  recordMissing,
  repositoryFolder,
} from './hubCache.js';
import { hubMetadata } from './hubMetadata.js';
import { hubSettings } from './hubSettings.js';

/** The files of one commit of a repository. */
export interface RepositoryFiles extends HubFiles {
  /** Records the commit as that of the revision. Called when all files are there: until then, the earlier ones stay in use offline. */
  readonly commit: () => Promise<void>;
}

/** Where the files are cached, progress and cancellation. */
export interface RepositoryFilesOptions extends DownloadOptions {
  readonly cacheFolder?: string | undefined;
}

/**
 * Opens a repository. All files come from one commit: that of the revision when the first file is read. A file of this commit that is in
 * the cache is not requested. If the hub cannot be reached, the commit that the revision had last is read from the cache.
 *
 * @throws {OptionError} when a variable of the environment is invalid.
 */
export async function repositoryFiles(
  where: string,
  { repository, revision }: HubName,
  options: RepositoryFilesOptions,
): Promise<RepositoryFiles> {
  const { endpoint, cacheFolder, token, offlineBy, symlinks } = await hubSettings(where, options.cacheFolder);
  const folder = repositoryFolder(cacheFolder, repository);
  const name = `${repository}${revision === 'main' ? '' : `@${revision}`}`;
  let offline = offlineBy === undefined ? undefined : new Unreachable(`${offlineBy} is set`);
  /** The commit that all files come from, as soon as it is known. */
  let commit = offline === undefined && !COMMIT.test(revision) ? undefined : await cachedCommit(folder, revision);

  async function find(file: string): Promise<string | undefined> {
    options.signal?.throwIfAborted();
    const cached = commit === undefined ? 'unknown' : await cachedFile(folder, commit, file);
    if (cached === 'missing') return undefined;
    if (typeof cached === 'object' && 'path' in cached) return cached.path;
    if (offline !== undefined) {
      if (cached === 'unknown' && commit !== undefined && (await hasOtherWeights(join(folder, 'snapshots', commit), file)))
        return undefined;
      throw notCached(file, offline, typeof cached === 'object' ? cached.damaged : undefined);
    }
    try {
      return await fetched(file);
    } catch (cause) {
      if (!(cause instanceof Unreachable)) throw cause;
      offline = cause;
      commit ??= await cachedCommit(folder, revision);
      return find(file);
    }
  }

  async function fetched(file: string): Promise<string | undefined> {
    const request = { where, endpoint, repository, revision: commit ?? revision, file, token: token?.value, tokenFrom: token?.from };
    const found = await hubMetadata(request, options.signal);
    commit ??= found.commit;
    if (found.place === undefined || commit === undefined) {
      if (commit !== undefined) await recordMissing(folder, commit, file);
      return undefined;
    }
    const { etag, url, headers } = found.place;
    const isNew = !(await hasBlob(folder, etag));
    const transfer = { onProgress: options.onProgress, signal: options.signal, headers, shown: `${name}/${file}` };
    if (isNew) await download(url, blobPath(folder, etag), digestFrom(etag), transfer).catch(broken);
    return linkBlob(folder, { commit, file, etag }, { symlinks, isNew });
  }

  /** The hub has answered, so the cache is no substitute for a file that cannot be downloaded. */
  function broken(cause: unknown): never {
    if (!(cause instanceof Unreachable)) throw cause;
    throw new WeightsError(`${where}: expected a server that sends the file, received that ${cause.message}. Try again later.`, { cause });
  }

  function notCached(file: string, reason: Unreachable, damaged: string | undefined): WeightsError {
    const received = damaged === undefined ? 'none' : `a damaged one, '${damaged}'`;
    const remedy = offlineBy === undefined ? 'Check the connection, the proxy and HF_ENDPOINT.' : `Unset ${offlineBy} to download it.`;
    return new WeightsError(
      `${where}: expected '${file}' of '${name}' in the cache folder '${cacheFolder}', received ${received}, and ${reason.message}. ${remedy}`,
      { cause: reason },
    );
  }

  return {
    name,
    async read(file) {
      checkFileName(where, name, file);
      try {
        const path = await find(file);
        return path === undefined ? undefined : await readFile(path);
      } catch (cause) {
        throw unwritable(where, cacheFolder, cause);
      }
    },
    async commit() {
      if (commit !== undefined && commit !== revision && offline === undefined) await recordCommit(folder, revision, commit);
    },
  };
}

const WEIGHTS = /\.(safetensors|bin)(\.index\.json)?$/;

/** Returns whether other weight files of the commit are in the cache. If so, this one was not needed: it has the same weights. */
async function hasOtherWeights(snapshot: string, file: string): Promise<boolean> {
  if (!WEIGHTS.test(file)) return false;
  return (await readdir(join(snapshot, dirname(file))).catch((): string[] => [])).some((other) => WEIGHTS.test(other));
}

/** Checks the name of a file, which may come from the index of sharded weights. */
function checkFileName(where: string, name: string, file: string): void {
  if (file.split('/').every((part) => part !== '' && !/^\.+$|[\\:\0]/.test(part))) return;
  throw new WeightsError(`${where}: expected the name of a file of '${name}', received '${file}'.`);
}

function unwritable(where: string, folder: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EDQUOT'].includes(String(code))) return cause;
  return new WeightsError(
    `${where}: expected a cache folder that can be written, received '${folder}' (${String(code)}). Choose another with \`cacheFolder\` or HF_HUB_CACHE.`,
    { cause },
  );
}
