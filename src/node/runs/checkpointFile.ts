// Stores the checkpoints of fineTune in a file.

import { readFile } from 'node:fs/promises';
import { check, rule } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { CheckpointStore } from '../../training/index.js';
import { replaceFile, systemReason, unwritable } from '../files/internal.js';

/** The end of every error about a checkpoint that cannot be written. */
export const EARLIER_STAYS = 'The previous checkpoint is kept.';

/** The path of a checkpoint. Another ending would claim another format. */
export const checkpointPath = rule<string>(
  "a path that ends in '.safetensors'",
  (value) => typeof value === 'string' && /\.safetensors$/i.test(value),
);

/**
 * Makes a store for `fineTune` that keeps the checkpoint in one file. The file is replaced as a whole, so a killed process or a full disk
 * leaves the previous checkpoint intact. Missing folders are created.
 *
 * @param file - A path that ends in `.safetensors`.
 * @throws {OptionError} when `file` has another ending. {@link DataError} in training, when the file cannot be read or written.
 * @example
 * const store = checkpointFile('runs/clothes.safetensors');
 * const stages = [{ unfreeze: 'all', epochs: 5, learningRate: 1e-4 }] as const;
 * await fineTune(model, { train, stages, store, checkpointEverySteps: 100 });
 */
export function checkpointFile(file: string): CheckpointStore {
  check('checkpointFile', 'file', file, checkpointPath);
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
