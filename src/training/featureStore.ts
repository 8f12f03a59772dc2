// Stores of computed features, which outlive the process. The stores themselves are featureFolder (Node) and featureDatabase (browsers).

import { rule } from '../core/internal.js';

/**
 * Stores the features of images, so that an interrupted computation continues and a repeated one starts with all features that are known:
 * `featureFolder` of `effnet-ts/node` and `featureDatabase`.
 */
export interface FeatureStore {
  /**
   * Opens the rows of one network. Rows of other networks are kept apart.
   *
   * @param owner - Identifies the network, the preprocessing and the kind of labels, in letters and digits.
   * @param length - Number of values per row.
   */
  open(owner: string, length: number): Promise<StoredFeatures>;
  /**
   * Returns a text that changes when a file changes, for example its size and time. Needed for datasets that read files by path.
   *
   * @throws {DataError} when there is no such file.
   */
  readonly stampOf?: ((path: string) => Promise<string>) | undefined;
}

/** The stored rows of one network. */
export interface StoredFeatures {
  /** Whether there is a complete row for the image. */
  has(key: string): boolean;
  /** Returns the rows of images that are stored, in the order of `keys`. */
  read(keys: readonly string[]): Promise<readonly Float32Array[]>;
  /** Stores rows. After an interruption each of them is either complete or missing. */
  add(rows: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** Frees what is open. The rows remain. */
  close(): Promise<void>;
}

/** Rule for options that take a store. */
export const featureStore = rule<FeatureStore>(
  'a store, such as featureFolder() returns',
  (value) => typeof (value as FeatureStore | null | undefined)?.open === 'function',
);
