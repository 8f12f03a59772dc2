// The files of a public repository of the Hugging Face hub on a web page: kept in the browser's storage, all from one commit.

import { WeightsError } from '../../core/index.js';
import type { DownloadOptions } from '../downloadOptions.js';
import { fetchAndKeep } from '../fetchAndKeep.js';
import { fetchFile, NotServed } from '../fetchFile.js';
import { keepFile, keptFile, sha256Of } from '../keptFiles.js';
import { isJsonObject, readJson, type HubFiles } from './hubFiles.js';
import type { HubName } from './hubName.js';
import { hubFileUrl } from './hubRefusal.js';

/** The address of the hub. */
const HUB = 'https://huggingface.co';

/** A commit, with the SHA-256 of its large files and '' for the others. */
interface Commit {
  readonly id: string;
  readonly files: ReadonlyMap<string, string>;
  /** Keeps the answer of the hub, for pages without a connection. */
  readonly keep: () => Promise<void>;
}

/** A repository on a web page. */
export interface PageRepository extends HubFiles {
  /** Makes the commit the one that is used without a connection. It is called when its files have been read. */
  readonly keep: () => Promise<void>;
}

/**
 * Returns the files of a repository at a revision. The hub is asked which commit the revision is. Without a connection, it is the last
 * commit that was kept. A file of a commit never changes, so kept files are not asked for again.
 *
 * @param endpoint - The address of a mirror of the hub. @defaultValue the hub
 * @throws {WeightsError} when the repository or the revision does not exist or is not public, or the hub cannot be reached.
 */
export async function pageRepository(
  where: string,
  { repository, revision }: HubName,
  options: DownloadOptions,
  endpoint = HUB,
): Promise<PageRepository> {
  options.signal?.throwIfAborted();
  const host = endpoint.replace(/\/$/, '');
  const { id, files, keep } = await commitOf(where, repository, revision, host, options.signal);
  return {
    name: repository,
    keep,
    read: async (file) => {
      const digest = files.get(file);
      if (digest === undefined) return undefined;
      const address = (server: string): string => hubFileUrl({ endpoint: server, repository, revision: id, file });
      const kept = await keptFile(address(HUB), digest);
      if (kept !== undefined) return kept;
      return fetchAndKeep(where, { url: address(host), published: address(HUB), name: file, digest }, options).catch((cause: unknown) => {
        throw cause instanceof NotServed ? new WeightsError(`${where}: ${cause.message}. Call again with a connection.`, { cause }) : cause;
      });
    },
  };
}

/** Asks the hub for the commit and the files of a revision. Without a connection, the kept answer is used. */
async function commitOf(where: string, repository: string, revision: string, host: string, signal?: AbortSignal): Promise<Commit> {
  const path = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await fetchFile(where, `${host}${path}`, 'list of files', { signal });
  } catch (cause) {
    if (!(cause instanceof NotServed)) throw cause;
    if (cause.status !== undefined && cause.status < 500) throw refusal(where, host, repository, revision, cause);
    const kept = await keptFile(`${HUB}${path}`, '');
    if (kept === undefined) throw new WeightsError(`${where}: ${cause.message}. Call again with a connection.`, { cause });
    bytes = kept;
  }
  const name = `${repository}@${revision}`;
  const list = await readJson(where, { name, read: () => Promise.resolve(bytes) }, 'the list of files');
  const { sha, siblings } = list?.content ?? {};
  if (typeof sha !== 'string' || !Array.isArray(siblings)) {
    throw new WeightsError(
      `${where}: expected the Hugging Face hub or a mirror at '${host}', received another answer for '${repository}'.`,
    );
  }
  const files = siblings.filter(isJsonObject).map(({ rfilename, lfs }) => [String(rfilename), digestOf(lfs)] as const);
  return { id: sha, files: new Map(files), keep: async () => keepFile(`${HUB}${path}`, bytes, await sha256Of(bytes)) };
}

function digestOf(lfs: unknown): string {
  const digest = isJsonObject(lfs) ? lfs['sha256'] : undefined;
  return typeof digest === 'string' ? digest : '';
}

function refusal(where: string, host: string, repository: string, revision: string, cause: NotServed): WeightsError {
  const { status = 0 } = cause;
  if (status === 404 && revision !== 'main') {
    return new WeightsError(
      `${where}: expected a public repository of '${host}' with the revision '${revision}', received '${repository}'. ` +
        `'${host}/${repository}/commits' shows its revisions.`,
      { cause },
    );
  }
  return new WeightsError(
    status === 401 || status === 403 || status === 404
      ? `${where}: expected a public repository of '${host}', received '${repository}', which does not exist or is not public. Check the name. ` +
          `Pages have no access token, so download a private repository in Node and save the model with \`saveModel\`.`
      : `${where}: ${cause.message}. Try again later.`,
    { cause },
  );
}
