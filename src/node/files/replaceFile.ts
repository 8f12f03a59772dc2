// Files that are replaced as a whole. The content goes to a temporary file in the same folder, which is then renamed, so that a crash, a
// kill or a full disk never leaves a file half-written.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Writes a file and flushes it to the disk. An earlier file stays as it was until the new one is complete. Missing folders are created. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = await temporaryFor(file);
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A file that is written in parts and appears under its name when it is complete. */
export interface FileWriter {
  /** Appends bytes. The promise resolves when the next ones may be passed. */
  readonly add: (bytes: Uint8Array) => Promise<void>;
  /** Writes out what is buffered, without giving the file its name. */
  readonly end: () => Promise<void>;
  /** Ends the file and gives it its name. An earlier file is replaced. */
  readonly commit: () => Promise<void>;
  /** Removes what was written. An earlier file stays as it was. */
  readonly discard: () => Promise<void>;
}

/**
 * Opens a file to be written in parts. It is not flushed to the disk as {@link replaceFile} does. Missing folders are created.
 *
 * @param fail - Throws the caller's error for an error of the file system, see `unwritable`.
 */
export async function openFileWriter(file: string, fail: (cause: unknown) => never, options: { gzip?: boolean } = {}): Promise<FileWriter> {
  const temporary = await temporaryFor(file).catch(fail);
  const disk = createWriteStream(temporary);
  const gzip = options.gzip === true ? createGzip() : undefined;
  gzip?.pipe(disk);
  const input = gzip ?? disk;
  const done = finished(disk);
  // Errors are reported by the methods below.
  done.catch(() => undefined);
  const end = async (): Promise<void> => {
    input.end();
    await done.catch(fail);
  };
  return {
    async add(bytes) {
      if (!input.write(bytes)) await Promise.race([once(input, 'drain').catch(() => done), done]).catch(fail);
    },
    end,
    async commit() {
      await end();
      await rename(temporary, file).catch(fail);
    },
    async discard() {
      input.end();
      await done.catch(() => undefined);
      await rm(temporary, { force: true }).catch(fail);
    },
  };
}

/** Creates a folder with its parents. Called before long work, so that a folder that cannot be written is refused first. */
export async function makeWritableFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
}

/** A new name in the folder of a file, which is created. It is short, because the file's own name may be as long as the system allows. */
async function temporaryFor(file: string): Promise<string> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  return path.join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
}
