// Keeps what the frozen part of a model computes from images that are the same in every epoch, so that they are not even read again.

import * as tf from '@tensorflow/tfjs-core';
import { lazyPassesOf, releaseItem, runAhead, type LazyItem } from '../data/internal.js';
import type { Dataset } from '../data/index.js';
import { entryStore, type FeatureCacheFile, type StoredEntry } from './entryStore.js';
import { entriesOf, joined, type Entry } from './featureEntries.js';
import type { SplitModel } from './frozenPart.js';
import type { StepBatch, TrainingBatch } from './trainingBatch.js';

/** One pass over the data. */
export interface FeaturePass {
  readonly epoch: number;
  /** Number of batches that are not needed. An empty object stands for each. */
  readonly skip: number;
  /** Checks a batch of images before its features are computed. */
  readonly check: (batch: TrainingBatch, step: number) => Promise<void>;
}

/** Features and labels by image. */
export interface FeatureCache {
  /**
   * Opens a pass over batches of features, in the order of the dataset. The caller disposes the batches.
   *
   * @returns `undefined` if the features of this dataset cannot be kept.
   */
  open(data: Dataset<TrainingBatch>, pass: FeaturePass): AsyncIterable<Partial<StepBatch>> | undefined;
  /** Forgets all features. */
  clear(): Promise<void>;
}

/** Batches that are read while the previous one trains. */
const AHEAD = 2;

/**
 * Creates a cache for the features of a model.
 *
 * @param bytes - Maximum size of the features and labels in memory.
 * @param file - Keeps what does not fit in memory. What does not fit there either is computed in each epoch.
 */
export function featureCache({ features: compute, isFrozen }: SplitModel, bytes: number, file?: FeatureCacheFile): FeatureCache {
  const entries = entryStore(bytes, file);
  let keptOf = new WeakMap<Dataset<TrainingBatch>, Kept>();
  const open = (data: Dataset<TrainingBatch>): Kept => {
    const kept = keptOf.get(data) ?? new Map<string, StoredEntry>();
    keptOf.set(data, kept);
    return kept;
  };
  const add = async (kept: Kept, key: string, entry: Entry): Promise<void> => {
    if (kept.has(key)) return;
    const stored = await entries.add(entry);
    if (stored !== undefined) kept.set(key, stored);
  };

  /** Reads what is kept of a batch, and the images of the rest. */
  async function read(item: LazyItem<TrainingBatch>, kept: Kept): Promise<ReadBatch> {
    const keys = item.rows?.keys ?? [item.key];
    const missing = keys.flatMap((key, i) => (kept.has(key) ? [] : [i]));
    if (missing.length === 0) releaseItem(item.source);
    const loaded = await Promise.all(
      keys
        .map((key) => kept.get(key))
        .map((stored): Promise<Entry | undefined> => (stored === undefined ? Promise.resolve(undefined) : entries.load(stored))),
    );
    const readRows = missing.length < keys.length ? item.rows?.read : item.read;
    return { keys, loaded, missing, batch: missing.length === 0 ? undefined : await readRows?.(missing) };
  }

  /** Computes the features of the images that were read, and combines them with those in the cache. */
  async function complete(
    kept: Kept,
    { keys, loaded, missing, batch }: ReadBatch,
    check: (batch: TrainingBatch) => Promise<void>,
  ): Promise<StepBatch> {
    if (batch === undefined) return joined(loaded as readonly Entry[]);
    const isWhole = missing.length === keys.length;
    let result: StepBatch = batch;
    try {
      await check(batch);
      result = { ...batch, features: await compute(batch.xs) };
      if (isWhole && entries.isFull) return result;
      const computed = await entriesOf(result, missing.length);
      for (const [i, entry] of computed.entries()) await add(kept, keys[missing[i] as number] as string, entry);
      if (isWhole) return result;
      const rest = new Map(computed.map((entry, i) => [missing[i], entry]));
      const whole = joined(loaded.map((entry, i) => entry ?? (rest.get(i) as Entry)));
      disposeBatch(result);
      return whole;
    } catch (error) {
      disposeBatch(result);
      throw error;
    }
  }

  return {
    open: (data, { epoch, skip, check }) => {
      const lazy = lazyPassesOf(data);
      if ((bytes === 0 && file === undefined) || !isFrozen || lazy === undefined || !(lazy.hasRows || lazy.recurs)) return undefined;
      return (async function* () {
        const kept = open(data);
        let step = 0;
        const readNeeded = (item: LazyItem<TrainingBatch>, index: number): Promise<ReadBatch> | undefined => {
          if (index >= skip) return read(item, kept);
          releaseItem(item.source);
          return undefined;
        };
        for await (const each of runAhead(lazy.open({ epoch, signal: undefined }), AHEAD, readNeeded)) {
          yield each === undefined ? {} : await complete(kept, each, (batch) => check(batch, step));
          step++;
        }
      })();
    },
    clear: async () => {
      keptOf = new WeakMap();
      await entries.clear();
    },
  };
}

/** What is kept of the images of a dataset, by key. */
type Kept = Map<string, StoredEntry>;

/** A batch of which only the images without features were read. */
interface ReadBatch {
  readonly keys: readonly string[];
  /** What is kept, in the order of `keys`. */
  readonly loaded: readonly (Entry | undefined)[];
  /** Positions in `keys`. */
  readonly missing: readonly number[];
  readonly batch: TrainingBatch | undefined;
}

/** Disposes all tensors of a batch. */
export function disposeBatch({ xs, ys, sampleWeights, features }: Partial<StepBatch>): void {
  tf.dispose([xs, ys, sampleWeights, ...(features ?? [])]);
}
