// The file in which a run of fineTune keeps itself.

import { readFile } from 'node:fs/promises';
import { check, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { CheckpointStore } from '../../training/index.js';
import { replaceFile, systemReason, unwritable } from '../files/internal.js';

/** What an error of writing a checkpoint adds. */
export const EARLIER_STAYS = 'The checkpoint before stays.';

/**
 * A store for `fineTune` in one file, replaced whole: a killed process or a full disk leaves the checkpoint before.
 *
 * @throws {OptionError} when the name is empty. {@link DataError} in training, when the file cannot be read or written.
 * @example
 * const store = checkpointFile('runs/clothes.safetensors');
 * const stages = [{ unfreeze: 'all', epochs: 5, learningRate: 1e-4 }] as const;
 * await fineTune(model, { train, stages, store, checkpointEverySteps: 100 });
 */
export function checkpointFile(file: string): CheckpointStore {
  check('checkpointFile', 'file', file, text);
  return {
    read: async () => {
      try {
        return await readFile(file);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new DataError(`checkpointFile: expected a file that can be read, received '${file}': ${systemReason(cause)}.`, {
          cause,
          origin: file,
        });
      }
    },
    write: (bytes) => replaceFile(file, bytes).catch(unwritable('checkpointFile', 'file', file, EARLIER_STAYS)),
  };
}
