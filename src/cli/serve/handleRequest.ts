// Answers the requests of the service: routes, errors, headers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { RefusedRequest, refuse, type Refusal } from './refusal.js';

/** A request and what belongs to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

/** The answer to a request. */
export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Functions by method and path. */
export type Routes = Readonly<Record<string, (exchange: Exchange) => Promise<Reply> | Reply>>;

/** What is needed to answer a request. */
export interface Handling {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly routes: Routes;
  /** Origin whose pages may call the service. */
  readonly cors: string | undefined;
  readonly onFailure: (line: string) => void;
  readonly isStopping: () => boolean;
  readonly count: (path: string, status: number | 'aborted') => void;
}

/** Answers a request. Never rejects. */
export async function handleRequest({ request, response, routes, cors, onFailure, isStopping, count }: Handling): Promise<void> {
  const left = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) left.abort(new Error('The client left.'));
  });
  // Reading the body reports that the client left. Node.js would end the process for an error that nobody hears.
  request.on('error', () => undefined);
  const url = urlOf(request);
  const paths = Object.keys(routes).map((route) => route.split(' ')[1]);
  const known = paths.includes(url.pathname) ? url.pathname : 'other';
  const reply = await answer(request, url, left.signal, routes).catch((error: unknown): Reply | undefined => {
    if (error instanceof RefusedRequest) return replyTo(error.refusal);
    if (left.signal.aborted || !request.complete) return undefined;
    onFailure(error instanceof Error ? error.message : String(error));
    return replyTo({ status: 500, message: 'the image could not be classified' });
  });
  if (reply === undefined || response.destroyed) {
    count(known, 'aborted');
    return;
  }
  const { status, type = 'application/json', body, headers = {} } = reply;
  count(known, status);
  const isUnread = !request.complete;
  response.writeHead(status, {
    'content-type': type,
    ...(cors === undefined ? {} : corsHeaders(cors)),
    // A body that is not read to its end, and a service that stops, need a new connection.
    ...(isUnread || isStopping() ? { connection: 'close' } : {}),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : typeof body === 'string' ? body : `${JSON.stringify(body)}\n`);
}

async function answer(request: IncomingMessage, url: URL, signal: AbortSignal, routes: Routes): Promise<Reply> {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const methods = Object.keys(routes).flatMap((route) => (route.endsWith(` ${url.pathname}`) ? [route.split(' ')[0] as string] : []));
  if (methods.length === 0) refuse(404, `expected ${Object.keys(routes).join(', ')}, received ${method} ${url.pathname}`);
  if (method === 'OPTIONS') return { status: 204, body: '', headers: { allow: methods.join(', ') } };
  const route = routes[`${method} ${url.pathname}`];
  if (route === undefined) refuse(405, `expected ${methods.join(' or ')} for ${url.pathname}, received ${method}`);
  return route({ request, url, signal });
}

/** Any text may stand in a request line. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : new URL('http://localhost/unreadable');
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': 'content-type',
    'access-control-expose-headers': 'retry-after',
    vary: 'origin',
  };
}

/** Returns the answer to a refused request. */
export function replyTo({ status, message, retryAfter }: Refusal): Reply {
  return { status, body: { error: message }, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }) };
}
