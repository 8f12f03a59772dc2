// Caches items of a dataset on disk. Each item is a record with a checksum, in Node's structured clone format.

import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { check, text } from '../../core/internal.js';
import { DataError, isEffnetError } from '../../core/index.js';
import { tensorsOf } from '../../data/internal.js';
import { frameTFRecord, readTFRecords, type CachedImages, type CacheStore, type DataFingerprint } from '../../data/index.js';
import { describePreprocessing, samePreprocessing } from '../../image/internal.js';
import { reasonOf } from '../../models/internal.js';
import { openFileWriter, systemReason, unwritable, type FileWriter } from '../files/internal.js';

/** The first record of the file. */
interface Header {
  readonly format: 'effnet-ts cache';
  readonly images: CachedImages;
  readonly fingerprint: DataFingerprint | undefined;
}

const FORMAT = 'effnet-ts cache';
const REMEDY = 'Delete it, or give another.';

/**
 * Makes a store for `cache` that keeps the items of a dataset in a folder: decoded images, features, anything but tensors. Delete the
 * folder when the data changes.
 *
 * @throws {DataError} while reading, when an item cannot be stored (a tensor, a function), the folder cannot be written or read, its file
 *   is damaged, or its images were made with another preprocessing than those of the dataset.
 * @example
 * const cached = images.cache(folderCache('.cache/photos-224'));
 */
export function folderCache<T>(folder: string): CacheStore<T> {
  check('folderCache', 'folder', folder, text);
  const file = path.join(folder, 'items.bin');
  return {
    async read(images, fingerprint) {
      const there = await access(file).then(
        () => true,
        () => false,
      );
      return there ? kept<T>(folder, file, images, fingerprint) : undefined;
    },
    write(images, fingerprint) {
      // The file is opened by the first item: an item that cannot be kept leaves nothing behind.
      let writer: Promise<FileWriter> | undefined;
      const open = (): Promise<FileWriter> =>
        (writer ??= openFileWriter(file, unwritable('folderCache', 'folder', folder, REMEDY)).then(async (opened) => {
          await opened.add(frameTFRecord(serialize({ format: FORMAT, images, fingerprint } satisfies Header)));
          return opened;
        }));
      return Promise.resolve({
        async add(item: T) {
          const bytes = bytesOf(item);
          await (await open()).add(frameTFRecord(bytes));
        },
        commit: async () => (await open()).commit(),
        discard: async () => (await writer?.catch(() => undefined))?.discard(),
      });
    },
    release: () => undefined,
  };
}

function bytesOf(item: unknown): Uint8Array {
  const [place] = tensorsOf(item).keys();
  let cause: unknown;
  if (place === undefined) {
    try {
      return serialize(item);
    } catch (error) {
      cause = error;
    }
  }
  const received =
    place === undefined ? `one that cannot be written (${reasonOf(cause)})` : place === '' ? 'a tensor' : `a tensor for \`${place}\``;
  throw new DataError(
    `folderCache: expected items of plain values and typed arrays, received ${received}. ` +
      'Cache before batching: `imageBatches(images.cache(folderCache(...)))`.',
    cause === undefined ? {} : { cause },
  );
}

async function* kept<T>(folder: string, file: string, images: CachedImages, fingerprint: DataFingerprint | undefined): AsyncGenerator<T> {
  const items = valuesOf(folder, file);
  const first = await items.next();
  const header = first.value as Partial<Header> | null | undefined;
  if (header?.format !== FORMAT) throw unusable(folder, 'that folderCache wrote', new Error('its file has no header'));
  if (!sameImages(header.images, images)) {
    throw new DataError(
      `folderCache: expected images made by '${described(images)}', ` +
        `'${folder}' has images made by '${described(header.images)}'. Delete it, or give another.`,
      { origin: folder },
    );
  }
  if (fingerprint !== undefined && header.fingerprint !== undefined && fingerprint.digest !== header.fingerprint.digest) {
    throw new DataError(
      `folderCache: expected items made from the ${fingerprint.items} items of this dataset, '${folder}' has items made from ` +
        `${header.fingerprint.items} others, or from the same in another order. Delete the folder to make them anew, ` +
        'or give each dataset a folder of its own.',
      { origin: folder },
    );
  }
  yield* items as AsyncGenerator<T>;
}

function sameImages(one: CachedImages, other: CachedImages): boolean {
  return one === other || (typeof one === 'object' && typeof other === 'object' && samePreprocessing(one, other));
}

function described(images: CachedImages): string {
  return typeof images === 'object' ? describePreprocessing(images) : images === 'original' ? 'decoding alone' : 'an unknown preprocessing';
}

async function* valuesOf(folder: string, file: string): AsyncGenerator {
  const records = readTFRecords(createReadStream(file, { highWaterMark: 1 << 20 }), { origin: file });
  for (;;) {
    let item: unknown;
    try {
      const next = await records.next();
      if (next.done === true) return;
      item = deserialize(next.value.data);
    } catch (cause) {
      throw isEffnetError(cause) ? cause : unusable(folder, 'whose items can be read', cause);
    }
    yield item;
  }
}

function unusable(folder: string, expected: string, cause: unknown): DataError {
  return new DataError(
    `folderCache: expected a folder ${expected}, received '${folder}': ${systemReason(cause).replace(/\.$/, '')}. ${REMEDY}`,
    { cause, origin: folder },
  );
}
