// Lists a folder that is about to be written.

import { readdir } from 'node:fs/promises';
import { DataError } from '../../core/index.js';
import { systemReason } from './systemReason.js';

/**
 * Returns the names of the files and folders in a folder, or none if it does not exist yet.
 *
 * @param option - The name of the parameter that contains the folder, for the error.
 * @throws {DataError} when it cannot be read, or a part of its path is a file.
 */
export async function namesIn(where: string, option: string, folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const reason = code === 'ENOTDIR' ? 'there is a file of that name, or on the way to it' : systemReason(cause);
    throw new DataError(`${where}: expected a folder for \`${option}\`, received '${folder}': ${reason}.`, { cause, origin: folder });
  });
}
