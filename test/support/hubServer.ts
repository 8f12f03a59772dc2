// A server with the paths and headers of the Hugging Face hub, and a second one, on another port, that sends its large files.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A repository: its files by commit, and its branches and tags. */
export interface TestRepository {
  readonly commits: Readonly<Record<string, Readonly<Record<string, Uint8Array | string>>>>;
  readonly refs: Record<string, string>;
  /** A token is needed, and the hub does not say that the repository exists. */
  readonly isPrivate?: boolean;
  /** A token whose owner has accepted the terms is needed. */
  readonly isGated?: boolean;
}

/** A request that a server has received. */
export interface TestRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly from: 'hub' | 'storage';
}

/** What is wrong with the servers. The default is nothing. */
export interface Faults {
  /** The storage ends the connection after so many bytes of each answer. */
  stopAfter?: number;
  /** The storage sends other bytes than those of the file. */
  corrupt?: boolean;
  /** The hub answers every request with this status, and these headers. */
  status?: number;
  headers?: Record<string, string>;
  /** The storage answers every request with this status. */
  storageStatus?: number;
  /** The hub does not answer. */
  isSilent?: boolean;
}

/** The token that the server accepts, and that of somebody who has not accepted the terms. */
export const TOKEN = 'hf_abcdefgh';
export const OTHER_TOKEN = 'hf_stranger';

/** The commits of the tests. */
export const FIRST = '1'.repeat(40);
export const SECOND = '2'.repeat(40);

/** Running servers. `close` stops both. */
export interface HubServer {
  readonly endpoint: string;
  readonly storage: string;
  readonly repositories: Readonly<Record<string, TestRepository>>;
  readonly requests: TestRequest[];
  readonly faults: Faults;
  readonly close: () => Promise<void>;
}

/** Starts a hub with these repositories. */
export async function hubServer(repositories: Readonly<Record<string, TestRepository>>): Promise<HubServer> {
  const requests: TestRequest[] = [];
  const faults: Faults = {};
  const blobs = new Map<string, Uint8Array>();
  const note = (request: IncomingMessage, from: TestRequest['from']): void => {
    const { authorization, range } = request.headers;
    requests.push({ method: request.method ?? '', path: request.url ?? '', authorization, range, from });
  };

  const store = createServer((request, response) => {
    note(request, 'storage');
    if (faults.storageStatus !== undefined) return void response.writeHead(faults.storageStatus).end();
    const bytes = blobs.get(/^\/lfs\/(\w+)\?signature=/.exec(request.url ?? '')?.[1] ?? '');
    if (bytes === undefined) return void response.writeHead(404).end();
    send(request, response, faults.corrupt === true ? bytes.map((byte) => byte ^ 1) : bytes, '"storage-etag"', faults.stopAfter);
  });
  const storage = await listen(store);

  const hub = createServer((request, response) => {
    note(request, 'hub');
    if (faults.isSilent === true) return;
    if (faults.status !== undefined) return void response.writeHead(faults.status, faults.headers).end();
    const { authorization } = request.headers;
    const refuse = (status: number, code: string, message: string, headers = {}): ServerResponse =>
      response.writeHead(status, { ...(code === '' ? {} : { 'x-error-code': code }), 'x-error-message': message, ...headers }).end();
    if (authorization !== undefined && ![`Bearer ${TOKEN}`, `Bearer ${OTHER_TOKEN}`].includes(authorization))
      return void refuse(401, '', 'Invalid credentials in Authorization header');
    const url = new URL(request.url ?? '', 'http://hub');
    const [, cached, name = '', rev = '', path = ''] =
      /^\/(api\/resolve-cache\/models\/)?([\w.-]+\/[\w.-]+)\/(?:resolve\/)?([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const repository = Object.hasOwn(repositories, name) ? repositories[name] : undefined;
    if (repository === undefined || (repository.isPrivate === true && authorization !== `Bearer ${TOKEN}`))
      return void refuse(authorization === undefined ? 401 : 404, 'RepoNotFound', 'Repository not found');
    if (repository.isGated === true && authorization !== `Bearer ${TOKEN}`)
      return void refuse(authorization === undefined ? 401 : 403, 'GatedRepo', `Access to model ${name} is restricted`);
    const revision = decodeURIComponent(rev);
    const commit = repository.refs[revision] ?? revision;
    const files = repository.commits[commit];
    if (files === undefined) return void refuse(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    const content = files[decodeURIComponent(path)];
    if (content === undefined) return void refuse(404, 'EntryNotFound', 'Entry not found', { 'x-repo-commit': commit });
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    if (/\.(safetensors|bin)$/.test(path)) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, bytes);
      response.writeHead(302, {
        location: `${storage}/lfs/${sha256}?signature=secret`,
        'x-repo-commit': commit,
        'x-linked-etag': `"${sha256}"`,
        'x-linked-size': bytes.length,
      });
      return void response.end();
    }
    const etag = `"${gitHash(bytes)}"`;
    if (cached === undefined) {
      const location = `/api/resolve-cache/models/${name}/${commit}/${path}?etag=${encodeURIComponent(etag)}`;
      return void response.writeHead(307, { location, 'x-repo-commit': commit, 'x-linked-etag': etag }).end();
    }
    response.setHeader('x-repo-commit', commit);
    send(request, response, bytes, etag);
  });
  const endpoint = await listen(hub);
  return {
    endpoint,
    storage,
    repositories,
    requests,
    faults,
    close: async () => {
      await Promise.all([closed(hub), closed(store)]);
    },
  };
}

/** The ETag of a small file is its hash in Git. */
export function gitHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function send(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, etag: string, stopAfter = Infinity): void {
  const start = request.headers['if-range'] === etag ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
  if (start >= bytes.length && start > 0) return void response.writeHead(416).end();
  const rest = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    'content-length': rest.length,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  if (request.method === 'HEAD' || rest.length <= stopAfter) response.end(request.method === 'HEAD' ? undefined : rest);
  else response.write(rest.subarray(0, stopAfter), () => setTimeout(() => response.destroy(), 100));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((done) => {
    server.close(() => {
      done();
    });
  });
}
