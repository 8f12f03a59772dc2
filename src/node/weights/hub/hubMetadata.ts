// Asks the Hugging Face hub where a file is: at which commit, with which ETag, and from which address it is downloaded.

import { hubFileUrl, hubRefusal, isMissingFile, isOutOfOrder, type HubRequest } from '../../../weights/internal.js';
import { WeightsError } from '../../../core/index.js';
import { Unreachable } from '../download.js';
import { COMMIT } from './hubCache.js';

/** What the hub says about a file. */
export interface HubMetadata {
  /** `undefined` if the server does not say it for a file that is missing. */
  readonly commit: string | undefined;
  /** Where the file is. `undefined` when the repository does not have it at this commit. */
  readonly place: { readonly etag: string; readonly url: string; readonly headers: Readonly<Record<string, string>> } | undefined;
}

/** A request with the access token to send. */
export interface HubFileRequest extends HubRequest {
  readonly token: string | undefined;
}

const REDIRECTS = 10;
/** The cache is asked when the hub has not answered after so many milliseconds. */
const PATIENCE = 10_000;
/** Sizes and ETags are those of the file, not of a compressed transfer of it. */
const PLAIN = { 'accept-encoding': 'identity' };

/**
 * Follows the redirects of a file within the hub. The redirect to another server, which sends large files, is not followed: its headers
 * contain what the hub says about the file, and the access token must not go to another server.
 *
 * @throws {Unreachable} when there is no connection, or the server is out of order.
 * @throws {WeightsError} when the server refuses, or is no hub.
 */
export async function hubMetadata(request: HubFileRequest, signal: AbortSignal | undefined): Promise<HubMetadata> {
  const { where, endpoint, token } = request;
  let url = hubFileUrl(request);
  let commit: string | null = null;
  let etag: string | null = null;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const headers = { ...PLAIN, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await ask(url, headers, endpoint, signal);
    commit = answer.headers.get('x-repo-commit') ?? commit;
    etag = answer.headers.get('x-linked-etag') ?? etag;
    if (isMissingFile(answer)) return { commit: commit === null ? undefined : checked(request, commit), place: undefined };
    if (isOutOfOrder(answer)) throw new Unreachable(`'${endpoint}' answered ${answer.status}`);
    const target = answer.headers.get('location');
    if (answer.status >= 300 && answer.status < 400 && target !== null) {
      url = new URL(target, url).href;
      if (isHub(url, endpoint)) continue;
      return { commit: checked(request, commit), place: { etag: tag(request, etag), url, headers: PLAIN } };
    }
    if (!answer.ok) throw hubRefusal(request, answer);
    return { commit: checked(request, commit), place: { etag: tag(request, etag ?? answer.headers.get('etag')), url, headers } };
  }
  throw new WeightsError(`${where}: expected '${hubFileUrl(request)}' to lead to a file, received ${REDIRECTS} redirects.`);
}

async function ask(url: string, headers: Record<string, string>, endpoint: string, signal: AbortSignal | undefined): Promise<Response> {
  const patience = AbortSignal.timeout(PATIENCE);
  try {
    return await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers,
      signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const { cause: system } = cause as { readonly cause?: NodeJS.ErrnoException };
    const reason = patience.aborted ? 'no answer in 10 seconds' : (system?.code ?? system?.message ?? (cause as Error).message);
    throw new Unreachable(`'${endpoint}' cannot be reached (${reason})`, { cause });
  }
}

/** Whether a server may get the access token: the chosen one, and the public hub, to which mirrors redirect. */
function isHub(url: string, endpoint: string): boolean {
  return [new URL(endpoint).origin, 'https://huggingface.co', 'https://hf.co'].includes(new URL(url).origin);
}

/** The commit becomes the name of a folder. */
function checked(request: HubFileRequest, commit: string | null): string {
  if (commit !== null && COMMIT.test(commit)) return commit;
  throw notHub(request, 'X-Repo-Commit', commit);
}

/** An ETag without its quotes, which becomes the name of a file. */
function tag(request: HubFileRequest, etag: string | null): string {
  const bare = etag?.replace(/^W\//, '').replaceAll('"', '') ?? null;
  if (bare !== null && /^[\w-][\w.-]{0,127}$/.test(bare)) return bare;
  throw notHub(request, 'ETag', etag);
}

function notHub({ where, endpoint, file }: HubFileRequest, header: string, value: string | null): WeightsError {
  return new WeightsError(
    `${where}: expected the Hugging Face hub or a mirror at '${endpoint}', received an answer for '${file}' ` +
      `${value === null ? 'without' : 'with an invalid'} ${header}. Check HF_ENDPOINT and the proxy.`,
  );
}
