// Keeps what the frozen part of a model computes from images that are the same in every epoch, so that they are not even read again.

import * as tf from '@tensorflow/tfjs-core';
import { lazyPassesOf, releaseItem, runAhead, type LazyItem } from '../data/internal.js';
import type { Dataset } from '../data/index.js';
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
  clear(): void;
}

/** Batches that are read while the previous one trains. */
const AHEAD = 2;

/**
 * Creates a cache for the features of a model.
 *
 * @param bytes - Maximum size of all features and labels. What does not fit is computed in each epoch.
 */
export function featureCache({ features: compute, isFrozen }: SplitModel, bytes: number): FeatureCache {
  let free = bytes;
  let isFull = false;
  let stores = new WeakMap<Dataset<TrainingBatch>, Map<string, Entry>>();
  const storeOf = (data: Dataset<TrainingBatch>): Map<string, Entry> => {
    const store = stores.get(data) ?? new Map<string, Entry>();
    stores.set(data, store);
    return store;
  };
  const add = (store: Map<string, Entry>, key: string, entry: Entry): void => {
    if (isFull || store.has(key)) return;
    const size = entry.reduce((sum, part) => sum + (part?.values.byteLength ?? 0), 0);
    isFull = size > free;
    if (isFull) return;
    free -= size;
    store.set(key, entry);
  };

  /** Computes the features of the images that were read, and combines them with those in the cache. */
  async function complete(
    store: Map<string, Entry>,
    { keys, missing, batch }: ReadBatch,
    check: (batch: TrainingBatch) => Promise<void>,
  ): Promise<StepBatch> {
    if (batch === undefined) return joined(keys.map((key) => store.get(key) as Entry));
    const isWhole = missing.length === keys.length;
    let result: StepBatch = batch;
    try {
      await check(batch);
      result = { ...batch, features: await compute(batch.xs) };
      if (!isWhole || !isFull) {
        const entries = await entriesOf(result, missing.length);
        entries.forEach((entry, i) => {
          add(store, keys[missing[i] as number] as string, entry);
        });
        if (!isWhole) {
          const computed = new Map(entries.map((entry, i) => [missing[i], entry]));
          disposeBatch(result);
          return joined(keys.map((key, i) => computed.get(i) ?? (store.get(key) as Entry)));
        }
      }
      return result;
    } catch (error) {
      disposeBatch(result);
      throw error;
    }
  }

  return {
    open: (data, { epoch, skip, check }) => {
      const lazy = lazyPassesOf(data);
      if (bytes === 0 || !isFrozen || lazy === undefined || !(lazy.hasRows || lazy.recurs)) return undefined;
      return (async function* () {
        const store = storeOf(data);
        let step = 0;
        const read = (item: LazyItem<TrainingBatch>, index: number): Promise<ReadBatch> | undefined => {
          if (index >= skip) return readMissing(item, store);
          releaseItem(item.source);
          return undefined;
        };
        for await (const each of runAhead(lazy.open({ epoch, signal: undefined }), AHEAD, read)) {
          yield each === undefined ? {} : await complete(store, each, (batch) => check(batch, step));
          step++;
        }
      })();
    },
    clear: () => {
      free = bytes;
      isFull = false;
      stores = new WeakMap();
    },
  };
}

/** A batch of which only the images without features were read. */
interface ReadBatch {
  readonly keys: readonly string[];
  /** Positions in `keys`. */
  readonly missing: readonly number[];
  readonly batch: TrainingBatch | undefined;
}

async function readMissing(item: LazyItem<TrainingBatch>, store: ReadonlyMap<string, Entry>): Promise<ReadBatch> {
  const keys = item.rows?.keys ?? [item.key];
  const missing = keys.flatMap((key, i) => (store.has(key) ? [] : [i]));
  if (missing.length === 0) releaseItem(item.source);
  const read = missing.length < keys.length ? item.rows?.read : item.read;
  return { keys, missing, batch: missing.length === 0 ? undefined : await read?.(missing) };
}

/** The values of a tensor. */
interface Part {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** Labels, sample weights and features of an image, or of a batch whose images are not known. */
type Entry = readonly [ys: Part, sampleWeights: Part | undefined, ...features: Part[]];

/** Splits a batch into entries of equal size. */
async function entriesOf({ ys, sampleWeights, features = [] }: StepBatch, count: number): Promise<Entry[]> {
  const parts = await Promise.all([ys, sampleWeights, ...features].map(async (tensor) => tensor && partsOf(tensor, count)));
  return Array.from({ length: count }, (_, i) => parts.map((part) => part?.[i]) as unknown as Entry);
}

async function partsOf(tensor: tf.Tensor, count: number): Promise<Part[]> {
  const { dtype } = tensor;
  const values = await tensor.data();
  const [rows = count, ...rest] = tensor.shape;
  const [size, shape] = [values.length / count, [rows / count, ...rest]];
  return Array.from({ length: count }, (_, i) => ({ values: values.slice(i * size, (i + 1) * size), shape, dtype }));
}

/** Creates a batch of entries. The caller disposes it. */
function joined(entries: readonly Entry[]): StepBatch {
  const tensor = (at: number): tf.Tensor => joinedParts(entries.map((entry) => entry[at] as Part));
  const [first] = entries as readonly [Entry];
  const [, weights, ...features] = first;
  return { ys: tensor(0), sampleWeights: weights && tensor(1), features: features.map((_, i) => tensor(i + 2)) };
}

function joinedParts(parts: readonly Part[]): tf.Tensor {
  const [first] = parts as readonly [Part];
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  const values =
    first.dtype === 'float32' ? new Float32Array(length) : first.dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return tf.tensor(values, [parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0), ...first.shape.slice(1)], first.dtype);
}

/** Disposes all tensors of a batch. */
export function disposeBatch({ xs, ys, sampleWeights, features }: Partial<StepBatch>): void {
  tf.dispose([xs, ys, sampleWeights, ...(features ?? [])]);
}
