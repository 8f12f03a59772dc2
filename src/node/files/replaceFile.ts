// Writing a file that is never half-written: beside it first, then in its place.

import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

let files = 0;

/** Writes a file in one piece: a crash, a kill or a full disk leaves the old one as it was. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  // A short name of its own: the file's may be as long as names can be, and written by two at once.
  const beside = path.join(path.dirname(file), `.${process.pid}-${++files}.tmp`);
  try {
    const handle = await open(beside, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
