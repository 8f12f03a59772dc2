// Downloads a file, resuming where an earlier download stopped. The file gets its name when it is complete and its digest is verified.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { trackProgress } from '../../core/internal.js';
import { WeightsError } from '../../core/index.js';
import type { Digest, DownloadOptions } from '../../weights/index.js';

/** The server could not be reached or does not have the file. Another source may. */
export class Unreachable extends Error {}

/** How a file is requested. */
export interface Transfer extends DownloadOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What messages and progress call the file. @defaultValue its address */
  readonly shown?: string | undefined;
}

/** A download is given up after this many failed transfers in a row without new data. */
const TRIES = 4;

/**
 * Downloads `url` to `path`. If the transfer fails, what was received is kept beside it as `.part`, so that the next call can continue.
 *
 * @throws {Unreachable} when the server cannot be reached or refuses.
 * @throws {WeightsError} when the transfer keeps failing, or the file does not have its digest. In the second case nothing is kept.
 */
export async function download(url: string, path: string, digest: Digest | null, options: Transfer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const part = await takePart(path);
  try {
    await completePart(url, part, digest, options);
    await rename(part, path);
  } finally {
    active.delete(part);
    // Releases what was received for the next download.
    await movePart(part, `${path}.part`);
  }
}

/** The parts that this process is writing to. */
const active = new Set<string>();
let parts = 0;

/**
 * Returns a part that no other download writes to. It takes over the part of a failed transfer or of a process that has ended, or else
 * starts a new one. Parts are taken over by renaming, so only one process can take a part.
 */
async function takePart(path: string): Promise<string> {
  const part = `${path}.${process.pid}-${++parts}.part`;
  active.add(part);
  const left = (await readdir(dirname(path))).filter((name) => name.startsWith(basename(path))).map((name) => join(dirname(path), name));
  for (const name of left) {
    const found = /^\.(?:(\d+)-\d+\.)?part$/.exec(name.slice(path.length));
    if (found === null || active.has(name) || isRunning(Number(found[1] ?? NaN))) continue;
    if (await movePart(name, part)) break;
  }
  return part;
}

async function movePart(from: string, to: string): Promise<boolean> {
  const isMoved = await rename(from, to).then(
    () => true,
    () => false,
  );
  if (isMoved) await rename(`${from}.etag`, `${to}.etag`).catch(() => undefined);
  return isMoved;
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid !== process.pid && process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function completePart(url: string, part: string, digest: Digest | null, options: Transfer): Promise<void> {
  const { shown = url } = options;
  let seen = await sizeOf(part);
  for (let failures = 0; ;) {
    const { size, total } = await transfer(url, part, options);
    if (size === total) break;
    // A transfer that still receives data may fail any number of times.
    failures = size > seen ? 1 : failures + 1;
    seen = size;
    if (failures >= TRIES) {
      throw new WeightsError(
        `pretrained: the server stopped sending '${shown}' at ${size} of ${total ?? 'unknown'} bytes. What arrived is kept; ` +
          `call again to go on from there.`,
      );
    }
  }
  if (digest !== null) {
    const found = await digestOf(part, digest.algorithm);
    if (!found.startsWith(digest.hex)) {
      await Promise.all([rm(part, { force: true }), rm(`${part}.etag`, { force: true })]);
      throw new WeightsError(
        `pretrained: expected a file whose ${digest.algorithm} begins with ${digest.hex.slice(0, 16)}, ` +
          `received ${found.slice(0, 16)}... from '${shown}'. Nothing of it was kept.`,
      );
    }
  }
  await rm(`${part}.etag`, { force: true });
}

/** The digest of a file, in hexadecimal. */
export async function digestOf(path: string, algorithm: Digest['algorithm']): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Size of a file in bytes. 0 when there is no file. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function transfer(
  url: string,
  part: string,
  { onProgress, signal, headers = {}, shown = url }: Transfer,
): Promise<{ size: number; total: number | undefined }> {
  const have = await sizeOf(part);
  const etag = await readFile(`${part}.etag`, 'utf8').catch(() => '');
  // If the file has changed on the server since then, the server sends all of it.
  const rest: Record<string, string> = have > 0 && etag !== '' ? { Range: `bytes=${have}-`, 'If-Range': etag } : {};
  const response = await fetch(url, { headers: { ...headers, ...rest }, signal: signal ?? null }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new Unreachable(`'${shown}' cannot be reached`, { cause });
  });
  if (response.status === 416 && have > 0) {
    // The part is as long as the file, or longer: the process ended before the file got its name.
    await response.body?.cancel();
    await rm(part);
    return { size: 0, total: undefined };
  }
  const isRest = response.status === 206;
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Unreachable(`'${shown}' answered ${response.status}`);
  }
  const start = isRest ? have : 0;
  const length = Number(response.headers.get('content-length') ?? NaN);
  // fetch decompresses the content, so the length of a compressed transfer is not that of the file.
  const total = Number.isNaN(length) || response.headers.has('content-encoding') ? undefined : start + length;
  await writeFile(`${part}.etag`, response.headers.get('etag') ?? '');

  const report = trackProgress(onProgress, `download ${shown.split(/[?#]/)[0]?.split('/').at(-1) ?? ''}`, 'bytes', total);
  let size = start;
  let isBroken = false as boolean;
  // What arrived before the connection broke is written: an error here would make the pipeline discard it.
  const received = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) {
        size += chunk.byteLength;
        report(size);
        yield chunk;
      }
    } catch {
      isBroken = true;
    }
  };
  await pipeline(received(response.body as unknown as AsyncIterable<Uint8Array>), createWriteStream(part, { flags: isRest ? 'a' : 'w' }));
  signal?.throwIfAborted();
  if (isBroken) return { size: await sizeOf(part), total };
  report.end();
  return { size: await sizeOf(part), total: total ?? size };
}
