// Options of the methods of Dataset, and the interface that it shares with tfjs-data.

import type { SkipListener } from './operators.js';

/** Options of {@link Dataset.map}. */
export interface MapOptions {
  /** Number of items to process at once. 'auto' means two per processor. The results keep the order of the items. @defaultValue 1 */
  readonly concurrency?: number | 'auto' | undefined;
  /** 'skip' leaves out items that fail and reports them to `onSkipped`. @defaultValue 'throw' */
  readonly errors?: 'throw' | 'skip' | undefined;
  /** Called at the end of each pass with the errors of skipped items. @defaultValue writes one warning to the console */
  readonly onSkipped?: SkipListener | undefined;
  /**
   * Whether the function returns different results for the same item in different epochs. Nothing is then cached that depends on them.
   * With an explicit `false`, `fineTune` may cache what it computes from the results.
   * @defaultValue false
   */
  readonly varies?: boolean | undefined;
}

/** Options of {@link Dataset.shuffle}. */
export interface ShuffleOptions {
  /** The same seed gives the same order. @defaultValue a random seed */
  readonly seed?: number | undefined;
  /** Whether every pass has a different order. @defaultValue true */
  readonly reshuffleEachIteration?: boolean | undefined;
}

/** Options of {@link Dataset.batch}. */
export interface BatchOptions {
  /** Whether to drop the last batch if it is smaller than the others. @defaultValue false */
  readonly dropRemainder?: boolean | undefined;
}

/** Options of {@link Dataset.interleave}. */
export interface InterleaveOptions {
  /** Number of datasets to read at once. @defaultValue 4 */
  readonly cycleLength?: number | undefined;
  /** Number of items to take from each in turn. @defaultValue 1 */
  readonly blockLength?: number | undefined;
}

/** The part of the module `@tensorflow/tfjs-data` that {@link Dataset.toTfData} uses. */
export interface TfDataModule<D> {
  generator(open: () => AsyncIterator<never>): D;
}

/** The part of a tfjs-data dataset that {@link Dataset.fromTfData} uses. */
export interface TfDataset<T> {
  /** Number of items, if known. */
  readonly size?: number | null | undefined;
  iterator(): Promise<{ next(): Promise<IteratorResult<T>> }>;
}
