// Reads the bytes of a file. Anything else (a folder, pipe or device) is refused before it is opened, because reading a pipe may never end.

import { readFileSync, statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/**
 * Reads a file.
 *
 * @throws {Error} saying what is at the path, when it is not a file.
 */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  refuseOthers(await stat(file));
  return readFile(file);
}

/** {@link readRegularFile}, but synchronous: for worker threads, which have nothing else to do meanwhile. */
export function readRegularFileHere(file: string): Uint8Array {
  refuseOthers(statSync(file));
  return readFileSync(file);
}

/** Says what an entry of a folder is, for example `'a folder'`. Returns `undefined` for a regular file. */
export function entryKind(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>): string | undefined {
  if (entry.isFile()) return undefined;
  return entry.isDirectory() ? 'a folder' : entry.isFIFO() ? 'a pipe (FIFO)' : entry.isSocket() ? 'a socket' : 'a device';
}

function refuseOthers(stats: Stats): void {
  const kind = entryKind(stats);
  if (kind !== undefined) throw new Error(`it is ${kind}, not a file`);
}
