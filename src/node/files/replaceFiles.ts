// Files of one folder that are replaced together.

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from './replaceFile.js';

/** What {@link replaceFiles} writes. */
export interface FolderContent {
  /** Functions that return the content of the files, by path in the folder. They are called one after the other. */
  readonly files: Readonly<Record<string, () => string | Uint8Array>>;
  /** The file without which nobody takes the folder for complete. */
  readonly main: string;
  /** Files of an earlier version that are removed. */
  readonly obsolete: readonly string[];
}

/**
 * Writes files to a folder and flushes them to the disk. Missing folders are created. Other files in the folder are kept.
 *
 * Everything is written to a hidden folder inside first, so earlier files stay as they were until the new ones are complete. The main file
 * is missing while the others are moved: a folder in which this was interrupted does not mix old and new files unnoticed.
 */
export async function replaceFiles(folder: string, { files, main, obsolete }: FolderContent): Promise<void> {
  const temporary = path.join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  const names = Object.keys(files).filter((name) => name !== main);
  try {
    for (const [name, content] of Object.entries(files)) await replaceFile(path.join(temporary, name), content());
    for (const name of [main, ...obsolete]) await rm(path.join(folder, name), { force: true });
    for (const name of [...names, main]) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await rename(path.join(temporary, name), path.join(folder, name));
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
