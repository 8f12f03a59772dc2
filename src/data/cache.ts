// Items kept after the first complete pass, so that later ones need not make them again.

import type { CompletePreprocessing } from '../image/index.js';
import type { DataFingerprint } from './fingerprint.js';
import { cloneItem, releaseItem } from './items.js';

/** What a dataset that is cached knows about its images: how they were made, 'original' for images as decoded, `undefined` when unknown. */
export type CachedImages = CompletePreprocessing | 'original' | undefined;

/** Keeps items between passes: in memory, or in a folder with `folderCache` of the Node entry. */
export interface CacheStore<T> {
  /**
   * The kept items, or `undefined` before a pass was completed. A store that outlives the dataset checks that its images were made in this
   * way, and from these items.
   *
   * @param fingerprint - That of the dataset; `undefined` where it has none.
   */
  read(
    images: CachedImages,
    fingerprint: DataFingerprint | undefined,
  ): Promise<AsyncIterable<T> | undefined> | AsyncIterable<T> | undefined;
  /** Begins to keep a pass; nothing counts until `commit`. */
  write(images: CachedImages, fingerprint: DataFingerprint | undefined): Promise<CacheWriter<T>> | CacheWriter<T>;
  /** Frees what is held in memory. */
  release(): void;
}

/** Receives the items of one pass. */
export interface CacheWriter<T> {
  add(item: T): Promise<void> | void;
  commit(): Promise<void> | void;
  /** The pass ended early. */
  discard(): Promise<void> | void;
}

/** The pass through a cache: read where it is complete, written while it is not. */
export async function* cachedPass<T>(
  store: CacheStore<T>,
  images: CachedImages,
  fingerprint: DataFingerprint | undefined,
  open: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  const kept = await store.read(images, fingerprint);
  if (kept !== undefined) {
    yield* kept;
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

/** Keeps clones of tensors, and everything else by reference; hands out clones. */
export function memoryCache<T>(): CacheStore<T> {
  let kept: T[] | undefined;
  const release = (items: readonly T[] | undefined): void => {
    items?.forEach(releaseItem);
  };
  return {
    read: () => (kept === undefined ? undefined : clones(kept)),
    write() {
      const items: T[] = [];
      return {
        add(item) {
          items.push(cloneItem(item));
        },
        commit() {
          // Two passes may have been completed side by side; one is enough.
          if (kept === undefined) kept = items;
          else release(items);
        },
        discard() {
          release(items);
        },
      };
    },
    release() {
      release(kept);
      kept = undefined;
    },
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable is what readers expect
async function* clones<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield cloneItem(item);
}
