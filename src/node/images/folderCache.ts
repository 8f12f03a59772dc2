// Items of a dataset kept on disk: each one a checked record of Node's structured clone format.

import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { deserialize, serialize } from 'node:v8';
import { check, text } from '../../core/internal.js';
import { DataError, isEffnetError } from '../../core/index.js';
import { tensorsOf } from '../../data/internal.js';
import { frameTFRecord, readTFRecords, type CachedImages, type CacheStore, type DataFingerprint } from '../../data/index.js';
import { describePreprocessing, samePreprocessing } from '../../image/internal.js';
import { reasonOf } from '../../models/internal.js';
import { systemReason } from '../files/internal.js';

/** The first record of the file. */
interface Header {
  readonly format: 'effnet-ts cache';
  readonly images: CachedImages;
  readonly fingerprint: DataFingerprint | undefined;
}

const FORMAT = 'effnet-ts cache';

/**
 * Keeps the items of a dataset in a folder, for `cache`: decoded images, features, anything but tensors.
 *
 * Each dataset needs a folder of its own. A folder that was written from other items is refused where the dataset has a `fingerprint`.
 * Delete the folder when the functions that make the items change, or the contents of files: the fingerprint does not tell.
 *
 * @throws {DataError} while reading, when an item cannot be kept (a tensor, a function), the folder cannot be written or read, its file is
 *   damaged, its items were made from other items than those of the dataset, or its images with another preprocessing.
 * @example
 * const cached = images.cache(folderCache('.cache/photos-224'));
 */
export function folderCache<T>(folder: string): CacheStore<T> {
  check('folderCache', 'folder', folder, text);
  const file = path.join(folder, 'items.bin');
  const written = <R>(work: Promise<R>): Promise<R> =>
    work.catch((cause: unknown) => {
      throw unusable(folder, 'that can be written', cause);
    });
  return {
    async read(images, fingerprint) {
      const there = await access(file).then(
        () => true,
        () => false,
      );
      return there ? kept<T>(folder, file, images, fingerprint) : undefined;
    },
    async write(images, fingerprint) {
      await written(mkdir(folder, { recursive: true }));
      // Its own name for each pass, so that two at once do not mix.
      const partial = path.join(folder, `items-${process.pid}-${String(performance.now())}.partial`);
      let output: { stream: WriteStream; done: Promise<void> } | undefined;
      const open = (): { stream: WriteStream; done: Promise<void> } => {
        if (output !== undefined) return output;
        const stream = createWriteStream(partial);
        output = { stream, done: finished(stream) };
        output.done.catch(() => undefined);
        stream.write(frameTFRecord(serialize({ format: FORMAT, images, fingerprint } satisfies Header)));
        return output;
      };
      return {
        async add(item) {
          const bytes = bytesOf(item);
          const { stream, done } = open();
          if (!stream.write(frameTFRecord(bytes))) await written(Promise.race([once(stream, 'drain'), done]));
        },
        async commit() {
          const { stream, done } = open();
          stream.end();
          await written(done.then(() => rename(partial, file)));
        },
        async discard() {
          if (output === undefined) return;
          output.stream.end();
          // Whatever ended the pass is the error to tell.
          await output.done.catch(() => undefined);
          await written(rm(partial, { force: true }));
        },
      };
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
    `folderCache: expected a folder ${expected}, received '${folder}': ${systemReason(cause).replace(/\.$/, '')}. ` +
      `Delete it, or give another.`,
    { cause, origin: folder },
  );
}
