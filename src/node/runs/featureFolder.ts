// Stores features in a folder. Each process appends to a file of its own, so processes that are killed or run at once damage nothing.

import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { check, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { crc32c } from '../../data/internal.js';
import type { FeatureStore, StoredFeatures } from '../../training/index.js';
import { makeWritableFolder, systemReason, unwritable } from '../files/internal.js';

/** A row on disk: the digest of its key, its values, and a checksum of both. */
const KEY_BYTES = 16;
const CHECKSUM_BYTES = 4;
const ENDING = '.features';
/** Bytes that are read at once when a file is opened. */
const BLOCK = 1 << 22;

/**
 * Creates a store that keeps features in a folder, for `trainHead` and `imageIndex`. A process that is killed loses at most the batch that
 * was being computed.
 *
 * Features of other networks are kept apart in the same folder. An image whose file has another size or time than before is computed
 * again. Delete the folder to free its space.
 *
 * @throws {OptionError} when the folder is not a text.
 * @throws {DataError} while it is used, when the folder cannot be written or read, or the disk is full. What was stored before remains.
 * @example
 * const { model } = await trainHead(backbone, { classNames, train, featureStore: featureFolder('.cache/features') });
 */
export function featureFolder(folder: string): FeatureStore {
  check('featureFolder', 'folder', folder, text);
  return {
    open: (owner, length) => openRows(folder, owner, length),
    stampOf: async (file) => {
      const { size, mtimeMs } = await stat(file).catch((cause: unknown) => {
        throw new DataError(`featureFolder: expected a file that can be read, received '${file}': ${systemReason(cause)}.`, {
          cause,
          origin: file,
        });
      });
      return `${size}:${mtimeMs}`;
    },
  };
}

/** Where a row is stored. */
interface Place {
  readonly handle: FileHandle;
  readonly offset: number;
}

async function openRows(folder: string, owner: string, length: number): Promise<StoredFeatures> {
  const fail = unwritable('featureFolder', 'folder', folder);
  await makeWritableFolder(folder).catch(fail);
  const names = await readdir(folder).catch(fail);
  const rowBytes = KEY_BYTES + 4 * length + CHECKSUM_BYTES;
  const places = new Map<string, Place>();
  const handles: FileHandle[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(handles.map((handle) => handle.close()));
  };
  try {
    for (const name of names.filter((each) => each.startsWith(`${owner}-`) && each.endsWith(ENDING)).sort()) {
      const handle = await open(path.join(folder, name), 'r');
      handles.push(handle);
      await findRows(handle, rowBytes, places);
    }
  } catch (cause) {
    await close();
    return fail(cause);
  }
  let own: FileHandle | undefined;
  let end = 0;
  const opened = async (): Promise<FileHandle> => {
    if (own !== undefined) return own;
    own = await open(path.join(folder, `${owner}-${randomBytes(8).toString('hex')}${ENDING}`), 'wx+');
    handles.push(own);
    return own;
  };
  return {
    has: (key) => places.has(digestOf(key)),
    read: async (keys) => {
      try {
        return await readRows(
          keys.map((key) => places.get(digestOf(key)) as Place),
          rowBytes,
        );
      } catch (cause) {
        return fail(cause);
      }
    },
    add: async (rows) => {
      const added = [...rows].map(([key, row]) => [digestOf(key), row] as const).filter(([digest]) => !places.has(digest));
      const bytes = Buffer.alloc(added.length * rowBytes);
      added.forEach(([digest, row], i) => {
        const part = bytes.subarray(i * rowBytes, (i + 1) * rowBytes);
        part.write(digest, 'latin1');
        part.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), KEY_BYTES);
        part.writeUInt32LE(crc32c(part.subarray(0, -CHECKSUM_BYTES)), rowBytes - CHECKSUM_BYTES);
      });
      try {
        const handle = await opened();
        // A write that fails half-way is overwritten by the next one, because `end` stays.
        for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done, bytes.length - done, end + done)).bytesWritten;
        added.forEach(([digest], i) => places.set(digest, { handle, offset: end + i * rowBytes }));
        end += bytes.length;
      } catch (cause) {
        fail(cause);
      }
    },
    close,
  };
}

/** Returns the digest of a key as a text of 16 characters. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest().toString('latin1', 0, KEY_BYTES);
}

/** Finds the complete rows of a file. The last one may be incomplete after a kill, and others are damaged after a power failure. */
async function findRows(handle: FileHandle, rowBytes: number, places: Map<string, Place>): Promise<void> {
  const buffer = Buffer.allocUnsafe(rowBytes * Math.max(1, Math.floor(BLOCK / rowBytes)));
  for (let start = 0; ; start += buffer.length) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    for (let at = 0; at + rowBytes <= bytesRead; at += rowBytes) {
      const row = buffer.subarray(at, at + rowBytes);
      if (row.readUInt32LE(rowBytes - CHECKSUM_BYTES) !== crc32c(row.subarray(0, -CHECKSUM_BYTES))) continue;
      places.set(row.toString('latin1', 0, KEY_BYTES), { handle, offset: start + at });
    }
    if (bytesRead < buffer.length) return;
  }
}

/** Reads the values of rows. Rows that follow each other in a file are read at once. */
async function readRows(places: readonly Place[], rowBytes: number): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  while (rows.length < places.length) {
    const first = places[rows.length] as Place;
    let count = 1;
    const follows = ({ handle, offset }: Place): boolean => handle === first.handle && offset === first.offset + count * rowBytes;
    for (let next = places[rows.length + 1]; next !== undefined && follows(next); next = places[rows.length + count]) count++;
    const bytes = Buffer.allocUnsafe(count * rowBytes);
    const { bytesRead } = await first.handle.read(bytes, 0, bytes.length, first.offset);
    if (bytesRead < bytes.length) throw new Error('its file has become shorter');
    for (let i = 0; i < count; i++) {
      const start = i * rowBytes + KEY_BYTES;
      rows.push(new Float32Array(Uint8Array.from(bytes.subarray(start, start + rowBytes - KEY_BYTES - CHECKSUM_BYTES)).buffer));
    }
  }
  return rows;
}
