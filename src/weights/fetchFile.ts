// Downloads a file into memory, as web pages do.

import { joinBytes, trackProgress } from '../core/internal.js';
import { WeightsError, type ProgressListener } from '../core/index.js';
import type { DownloadOptions } from './downloadOptions.js';

/** The server could not be reached or does not have the file. Another server may. */
export class NotServed extends Error {
  /** The status of the answer, or `undefined` when there was none. */
  readonly status: number | undefined;

  constructor(message: string, { status, cause }: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

/**
 * Downloads a file. The progress is reported as the task `download <name>`, in bytes.
 *
 * @throws {NotServed} when the server cannot be reached, refuses, or sends a web page.
 * @throws {WeightsError} when the transfer breaks off. The reason of the signal when it is aborted.
 */
export async function fetchFile(
  where: string,
  url: string,
  name: string,
  { onProgress, signal }: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: signal ?? null }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new NotServed(`'${url}' cannot be reached, or does not answer pages of other sites`, { cause });
  });
  // Servers of single-page applications answer an unknown path with the page.
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
  if (!response.ok || isPage || response.body === null) {
    await response.body?.cancel();
    throw new NotServed(`'${url}' answered ${response.ok ? 'with a web page' : String(response.status)}`, { status: response.status });
  }
  // The length of a compressed transfer is not that of the file.
  const length = response.headers.has('content-encoding') ? NaN : Number(response.headers.get('content-length') ?? NaN);
  const total = Number.isNaN(length) ? undefined : length;
  const { chunks, size, cause } = await received(response.body, name, total, onProgress);
  if (cause === undefined && size >= (total ?? 0)) return joinBytes(chunks);
  signal?.throwIfAborted();
  throw new WeightsError(`${where}: the server stopped sending '${url}' at ${size} of ${total ?? 'unknown'} bytes. Call again.`, { cause });
}

interface Received {
  readonly chunks: readonly Uint8Array[];
  readonly size: number;
  /** The error that ended the transfer early. */
  readonly cause?: unknown;
}

async function received(
  body: ReadableStream<Uint8Array>,
  name: string,
  total: number | undefined,
  onProgress: ProgressListener | undefined,
): Promise<Received> {
  const report = trackProgress(onProgress, `download ${name}`, 'bytes', total);
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await reader.read().catch((cause: unknown) => ({ cause }));
    if ('cause' in chunk) return { chunks, size, cause: chunk.cause };
    if (chunk.done) break;
    chunks.push(chunk.value);
    size += chunk.value.byteLength;
    report(size);
  }
  report.end();
  return { chunks, size };
}
