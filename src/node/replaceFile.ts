// Writing a file that is never half-written: beside it first, then in its place.

import { open, rename, rm } from 'node:fs/promises';

/** Writes a file in one piece: a crash, a kill or a full disk leaves the old one as it was. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
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
