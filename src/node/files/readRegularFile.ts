// The bytes of a file. A folder, pipe or device is refused before it is opened: a pipe would never end.

import { readFileSync, statSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** @throws {Error} saying what is there instead, where it is no file. */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  refuseOthers(await stat(file));
  return readFile(file);
}

/** The same for a thread that has nothing else to do. */
export function readRegularFileHere(file: string): Uint8Array {
  refuseOthers(statSync(file));
  return readFileSync(file);
}

/** What an entry of a folder is, where it is no file. */
export function entryKind(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>): string | undefined {
  if (entry.isFile()) return undefined;
  return entry.isDirectory() ? 'a folder' : entry.isFIFO() ? 'a pipe (FIFO)' : entry.isSocket() ? 'a socket' : 'a device';
}

function refuseOthers(stats: Stats): void {
  const kind = entryKind(stats);
  if (kind !== undefined) throw new Error(`it is ${kind}, not a file`);
}
