// Stores the items of the first complete pass, so that later passes do not compute them again.

import type { CompletePreprocessing } from '../image/index.js';
import type { DataFingerprint } from './fingerprint.js';
import { cloneItem, releaseItem } from './items.js';

/** The preprocessing of cached images: 'original' for decoded images that keep their sizes, `undefined` when unknown. */
export type CachedImages = CompletePreprocessing | 'original' | undefined;

/** Stores items between passes, for example in a folder with `folderCache` of `effnet-ts/node`. */
export interface CacheStore<T> {
  /**
   * Returns the stored items, or `undefined` if no pass is complete yet. A store that outlives the dataset checks that its images have this
   * preprocessing and come from the same items.
   *
   * @param fingerprint - The fingerprint of the dataset, `undefined` if it has none.
   */
  read(
    images: CachedImages,
    fingerprint: DataFingerprint | undefined,
  ): Promise<AsyncIterable<T> | undefined> | AsyncIterable<T> | undefined;
  /** Starts to store a pass. `read` does not return its items before `commit`. */
  write(images: CachedImages, fingerprint: DataFingerprint | undefined): Promise<CacheWriter<T>> | CacheWriter<T>;
  /** Frees the memory of the stored items. */
  release(): void;
}

/** Receives the items of one pass. */
export interface CacheWriter<T> {
  add(item: T): Promise<void> | void;
  commit(): Promise<void> | void;
  /** Drops the items, because the pass ended early. */
  discard(): Promise<void> | void;
}

/** Reads the items from the store if it is complete. Otherwise reads them from the dataset and stores them. */
export async function* cachedPass<T>(
  store: CacheStore<T>,
  images: CachedImages,
  fingerprint: DataFingerprint | undefined,
  open: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  const stored = await store.read(images, fingerprint);
  if (stored !== undefined) {
    yield* stored;
    return;
  }
  const writer = await store.write(images, fingerprint);
  let complete = false;
  try {
    for await (const item of open()) {
      await writer.add(item);
      yield item;
    }
    complete = true;
  } finally {
    await (complete ? writer.commit() : writer.discard());
  }
}

/** Stores items in memory: clones of tensors, references to everything else. Yields clones too. */
export function memoryCache<T>(): CacheStore<T> {
  let stored: T[] | undefined;
  const release = (items: readonly T[] | undefined): void => {
    items?.forEach(releaseItem);
  };
  return {
    read: () => (stored === undefined ? undefined : clones(stored)),
    write() {
      const items: T[] = [];
      return {
        add(item) {
          items.push(cloneItem(item));
        },
        commit() {
          // Two concurrent passes may both complete. The first one is kept.
          if (stored === undefined) stored = items;
          else release(items);
        },
        discard() {
          release(items);
        },
      };
    },
    release() {
      release(stored);
      stored = undefined;
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- `CacheStore.read` returns an async iterable
async function* clones<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield cloneItem(item);
}
