// A folder for features of fineTune that do not fit in memory. Nothing in it outlives the run.

import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { check, checkOptions, positiveInteger, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { FeatureCacheFile, FeatureCacheStore } from '../../training/index.js';
import { systemReason, unwritable } from '../files/internal.js';

/** Options of {@link featureCacheFolder}. */
export interface FeatureCacheFolderOptions {
  /** Size limit in bytes of what one run keeps in the folder. What does not fit is computed in each epoch. @defaultValue no limit */
  readonly maxBytes?: number | undefined;
}

const REMEDY = 'Use another folder, or limit its size with `maxBytes`. The last checkpoint remains valid.';

/**
 * Makes a store for `fineTune` that keeps features in a folder when they exceed `featureCacheBytes`.
 *
 * Each run has a file of its own, so several runs can share a folder. The file is removed when the run ends, also when the process is
 * killed (except on Windows, where the file then remains). A resumed run computes the features again. Missing folders are created.
 *
 * @throws {OptionError} when an option is unknown or invalid. {@link DataError} in training, when the folder cannot be written, before any
 *   image is trained on, or the disk is full.
 * @example
 * await fineTune(model, {
 *   train, stages: [{ unfreeze: { from: 'block5a' }, epochs: 5 }], featureCacheStore: featureCacheFolder('.cache/features'),
 * });
 */
export function featureCacheFolder(folder: string, options: FeatureCacheFolderOptions = {}): FeatureCacheStore {
  const where = 'featureCacheFolder';
  check(where, 'folder', folder, text);
  const { maxBytes = Infinity } = checkOptions(where, options, { maxBytes: positiveInteger });
  return {
    open: async () => {
      const file = path.join(folder, `features-${randomUUID()}.tmp`);
      try {
        await mkdir(folder, { recursive: true });
        const handle = await open(file, 'wx+');
        // The content of an open file remains readable on POSIX, and the system frees it however the process ends.
        await rm(file, { force: true }).catch(() => undefined);
        return fileOf(folder, file, handle, maxBytes);
      } catch (cause) {
        return unwritable(where, 'folder', folder, REMEDY)(cause);
      }
    },
  };
}

function fileOf(folder: string, file: string, handle: FileHandle, maxBytes: number): FeatureCacheFile {
  let end = 0;
  return {
    add: async (bytes) => {
      if (end + bytes.length > maxBytes) return undefined;
      const position = end;
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle
          .write(bytes, done, bytes.length - done, position + done)
          .catch(unwritable('featureCacheFolder', 'folder', folder, REMEDY));
        done += bytesWritten;
      }
      end += bytes.length;
      return position;
    },
    read: async (position, length) => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, position + done).catch((cause: unknown) => {
          throw unreadable(folder, systemReason(cause), cause);
        });
        if (bytesRead === 0) throw unreadable(folder, 'its file is shorter than what was written');
        done += bytesRead;
      }
      return bytes;
    },
    clear: async () => {
      end = 0;
      await handle.truncate(0).catch(unwritable('featureCacheFolder', 'folder', folder, REMEDY));
    },
    close: async () => {
      await handle.close();
      await rm(file, { force: true });
    },
  };
}

function unreadable(folder: string, reason: string, cause?: unknown): DataError {
  return new DataError(
    `featureCacheFolder: expected a folder whose features can be read, received '${folder}': ${reason.replace(/\.$/, '')}. ` +
      'The last checkpoint remains valid.',
    { cause, origin: folder },
  );
}
