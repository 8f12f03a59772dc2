// The preprocessing that a file carries.

import { DataError, isEffnetError } from '../core/index.js';
import { completePreprocessing, type CompletePreprocessing, type Preprocessing } from './preprocess.js';

/**
 * Checks the preprocessing that a file carries, and fills in its defaults.
 *
 * @param file - The file in words, for the error.
 * @throws {DataError} naming the file and the field.
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
