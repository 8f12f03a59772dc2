// Keeps entries in memory, and those that do not fit in a file of the caller's.

import type { Entry, Part } from './featureEntries.js';

/** Where `fineTune` keeps features that exceed the memory limit, for example a folder (`featureCacheFolder` of the Node entry). */
export interface FeatureCacheStore {
  /** Opens an empty file for one run. */
  readonly open: () => Promise<FeatureCacheFile>;
}

/** A file that belongs to one run. */
export interface FeatureCacheFile {
  /** Appends bytes. Returns their position, or `undefined` if the file has no room for them. */
  readonly add: (bytes: Uint8Array) => Promise<number | undefined>;
  /** Reads bytes from a position. */
  readonly read: (position: number, length: number) => Promise<Uint8Array>;
  /** Removes all bytes. */
  readonly clear: () => Promise<void>;
  /** Removes the file. */
  readonly close: () => Promise<void>;
}

/** An entry in memory, or where it is in the file. */
export type StoredEntry = { readonly entry: Entry } | { readonly position: number; readonly parts: readonly (PartShape | undefined)[] };

type PartShape = Omit<Part, 'values'> & { readonly bytes: number };

/** Stores entries. */
export interface EntryStore {
  /** Whether there is no room for another entry. */
  readonly isFull: boolean;
  /** Stores an entry. Returns `undefined` if it does not fit. */
  readonly add: (entry: Entry) => Promise<StoredEntry | undefined>;
  readonly load: (stored: StoredEntry) => Promise<Entry>;
  readonly clear: () => Promise<void>;
}

/** Creates a store that holds entries of at most `bytes` in memory. */
export function entryStore(bytes: number, file: FeatureCacheFile | undefined): EntryStore {
  let free = bytes;
  let isMemoryFull = false;
  let isFull = false;
  return {
    get isFull() {
      return isFull;
    },
    async add(entry) {
      if (isFull) return undefined;
      const size = entry.reduce((sum, part) => sum + (part?.values.byteLength ?? 0), 0);
      isMemoryFull ||= size > free;
      if (!isMemoryFull) {
        free -= size;
        return { entry };
      }
      const position = await file?.add(bytesOf(entry, size));
      isFull = position === undefined;
      return position === undefined ? undefined : { position, parts: entry.map(shapeOf) };
    },
    async load(stored) {
      if ('entry' in stored) return stored.entry;
      const { position, parts } = stored;
      const read = await file?.read(
        position,
        parts.reduce((sum, part) => sum + (part?.bytes ?? 0), 0),
      );
      return partsIn(read as Uint8Array, parts);
    },
    async clear() {
      free = bytes;
      isMemoryFull = false;
      isFull = false;
      await file?.clear();
    },
  };
}

function shapeOf(part: Part | undefined): PartShape | undefined {
  return part && { shape: part.shape, dtype: part.dtype, bytes: part.values.byteLength };
}

function bytesOf(entry: Entry, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of entry) {
    if (part === undefined) continue;
    const { buffer, byteOffset, byteLength } = part.values;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

function partsIn(read: Uint8Array, parts: readonly (PartShape | undefined)[]): Entry {
  let at = 0;
  return parts.map((part) => {
    if (part === undefined) return undefined;
    const { shape, dtype, bytes } = part;
    // A copy begins at an address that is a multiple of every element size.
    const { buffer } = read.slice(at, (at += bytes));
    const values = dtype === 'float32' ? new Float32Array(buffer) : dtype === 'int32' ? new Int32Array(buffer) : new Uint8Array(buffer);
    return { values, shape, dtype };
  }) as unknown as Entry;
}
