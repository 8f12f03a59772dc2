// Reads the preprocessing stored in a file.

import { DataError, isEffnetError } from '../core/index.js';
import { completePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';

/**
 * Checks the preprocessing stored in a file and fills in its defaults.
 *
 * @param file - A description of the file for the error message.
 * @throws {DataError} naming the file and the invalid field.
 */
export function storedPreprocessing(where: string, file: string, record: unknown): CompletePreprocessing {
  try {
    return completePreprocessing(where, record as Preprocessing);
  } catch (cause) {
    if (!isEffnetError(cause)) throw cause;
    const problem = cause.message.slice(`${where}: `.length).replace(/\.$/, '');
    throw new DataError(
      `${where}: the preprocessing in the metadata of ${file} is damaged: ${problem}. Write the file again, or correct its metadata.`,
      { cause },
    );
  }
}
