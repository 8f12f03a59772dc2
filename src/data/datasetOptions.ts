// Options of Dataset's methods, and the shape it shares with tfjs-data.

import type { SkipListener } from './operators.js';

/** How `map` works. */
export interface MapOptions {
  /** Items worked on at once; 'auto' is two for each processor. The order of the results never depends on it. @defaultValue 1 */
  readonly concurrency?: number | 'auto' | undefined;
  /** 'skip' leaves out items that fail, counts them, and lists them at the end of the pass. @defaultValue 'throw' */
  readonly errors?: 'throw' | 'skip' | undefined;
  /** Told at the end of each pass what was left out. @defaultValue writes one warning to the console */
  readonly onSkipped?: SkipListener | undefined;
  /**
   * The function makes another result of the same item in another epoch, so that nothing computed from it may be kept.
   * @defaultValue false
   */
  readonly varies?: boolean | undefined;
}

/** How `shuffle` works. */
export interface ShuffleOptions {
  /** The same seed gives the same order. @defaultValue unpredictable */
  readonly seed?: number | undefined;
  /** Another order on every pass. @defaultValue true */
  readonly reshuffleEachIteration?: boolean | undefined;
}

/** How `batch` works. */
export interface BatchOptions {
  /** Leaves out a last batch that is not full. @defaultValue false */
  readonly dropRemainder?: boolean | undefined;
}

/** How `interleave` works. */
export interface InterleaveOptions {
  /** Datasets open at once. @defaultValue 4 */
  readonly cycleLength?: number | undefined;
  /** Items taken from each in turn. @defaultValue 1 */
  readonly blockLength?: number | undefined;
}

/** What {@link Dataset.toTfData} needs of the module `@tensorflow/tfjs-data`. */
export interface TfDataModule<D> {
  generator(open: () => AsyncIterator<never>): D;
}

/** The part of a tfjs-data dataset that both directions need. */
export interface TfDataset<T> {
  /** The number of its items, where it is known. */
  readonly size?: number | null | undefined;
  iterator(): Promise<{ next(): Promise<IteratorResult<T>> }>;
}
