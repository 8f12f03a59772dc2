// Reads the files of a repository from a folder.

import path from 'node:path';
import { WeightsError } from '../../core/index.js';
import type { HubFiles } from '../../weights/internal.js';
import { readRegularFile } from '../files/internal.js';

/**
 * Returns the files of a folder that has the layout of a repository of the Hugging Face hub.
 *
 * @param where - The function that the user called, for error messages.
 */
export function folderFiles(where: string, folder: string): HubFiles {
  return {
    name: folder,
    read: async (file) => {
      try {
        return await readRegularFile(path.join(folder, file));
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code === 'ENOENT') return undefined;
        throw new WeightsError(`${where}: '${file}' of '${folder}' cannot be read: ${code ?? (cause as Error).message}.`, { cause });
      }
    },
  };
}
