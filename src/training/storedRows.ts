// Reads the features of batches through a store: images whose features are stored are not computed again, and their files are not read.

import * as tf from '@tensorflow/tfjs-core';
import { contentDigest } from '../core/internal.js';
import { lazyPassesOf, releaseItem, runAhead, type LazyItem } from '../data/internal.js';
import { Dataset, type ImageBatch } from '../data/index.js';
import type { FeatureStore, StoredFeatures } from './featureStore.js';

/** Features and targets of a batch, row by row. */
export interface BatchRows {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** How {@link storedRows} computes and stores. */
export interface StoredRowsOptions {
  readonly store: FeatureStore;
  readonly stored: StoredFeatures;
  /** Number of features per image. The rest of a row are its targets. */
  readonly width: number;
  /** Computes the rows of a batch, and disposes the batch. */
  readonly compute: (batch: ImageBatch, step: number) => Promise<BatchRows>;
  readonly signal: AbortSignal | undefined;
}

/** Batches that are read while features are computed. */
const AHEAD = 2;

/** Yields the rows of all batches in the order of the dataset, and stores those that are new. */
export async function* storedRows(batches: AsyncIterable<ImageBatch>, options: StoredRowsOptions): AsyncGenerator<BatchRows> {
  const { signal, stored, store } = options;
  let step = 0;
  for await (const read of readMissing(batches, store, stored, signal)) yield await complete(read, step++, options);
}

/** A batch without the images whose features are stored. */
interface ReadBatch {
  /** `undefined` for images that are not identified by a file. */
  readonly keys: readonly (string | undefined)[];
  /** Positions in `keys` of the images in `batch`. */
  readonly missing: readonly number[];
  readonly batch: ImageBatch | undefined;
}

async function* readMissing(
  batches: AsyncIterable<ImageBatch>,
  store: FeatureStore,
  stored: StoredFeatures,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadBatch> {
  const lazy = batches instanceof Dataset ? lazyPassesOf(batches as Dataset<ImageBatch>) : undefined;
  if (lazy?.hasRows !== true) {
    for await (const batch of batches) {
      const all = Array.from({ length: batch.xs.shape[0] }, (_, i) => i);
      yield { keys: all.map(() => undefined), missing: all, batch };
    }
    return;
  }
  const read = async ({ rows, source }: LazyItem<ImageBatch>): Promise<ReadBatch> => {
    const keys = await Promise.all(
      (rows?.identities ?? []).map(async (identity) => {
        if (identity === undefined) return undefined;
        const { text, path } = identity;
        if (path === undefined) return text;
        return store.stampOf === undefined ? undefined : `${text}:${await store.stampOf(path)}`;
      }),
    );
    const missing = keys.flatMap((key, i) => (key !== undefined && stored.has(key) ? [] : [i]));
    if (missing.length === 0) releaseItem(source);
    return { keys, missing, batch: missing.length === 0 ? undefined : await rows?.read(missing) };
  };
  yield* runAhead(lazy.open({ epoch: 0, signal }), AHEAD, read);
}

async function complete(
  { keys, missing, batch }: ReadBatch,
  step: number,
  { stored, width, compute }: StoredRowsOptions,
): Promise<BatchRows> {
  if (batch === undefined) return joinRows(await stored.read(keys as string[]), width);
  let named: string[];
  try {
    const contents = missing.some((i) => keys[i] === undefined) ? await contentKeys(batch) : [];
    named = keys.map((key, i) => key ?? (contents[missing.indexOf(i)] as string));
  } catch (error) {
    tf.dispose([batch.xs, batch.ys]);
    throw error;
  }
  if (named.every((key) => stored.has(key))) {
    tf.dispose([batch.xs, batch.ys]);
    return joinRows(await stored.read(named), width);
  }
  const { x, y, count } = await compute(batch, step);
  const targets = y.length / count;
  const rows = new Map(
    missing.map((at, i) => {
      const row = new Float32Array(width + targets);
      row.set(x.subarray(i * width, (i + 1) * width));
      row.set(y.subarray(i * targets, (i + 1) * targets), width);
      return [named[at] as string, row] as const;
    }),
  );
  await stored.add(rows);
  if (missing.length === keys.length) return { x, y, count };
  const others = named.filter((key) => !rows.has(key));
  const known = new Map((await stored.read(others)).map((row, i) => [others[i], row] as const));
  return joinRows(
    named.map((key) => rows.get(key) ?? (known.get(key) as Float32Array)),
    width,
  );
}

/** Identifies images by their pixels and label. */
async function contentKeys({ xs, ys }: ImageBatch): Promise<string[]> {
  const count = xs.shape[0];
  const [pixels, labels] = await Promise.all([xs.data(), ys.data()]);
  const [length, targets] = [pixels.length / count, labels.length / count];
  return Array.from({ length: count }, (_, i) => {
    const label = contentDigest(labels.slice(i * targets, (i + 1) * targets));
    return `pixels:${xs.shape.slice(1).join('x')}:${contentDigest(pixels.subarray(i * length, (i + 1) * length))}:${label}`;
  });
}

function joinRows(rows: readonly Float32Array[], width: number): BatchRows {
  const count = rows.length;
  const targets = (rows[0]?.length ?? width) - width;
  const [x, y] = [new Float32Array(count * width), new Float32Array(count * targets)];
  rows.forEach((row, i) => {
    x.set(row.subarray(0, width), i * width);
    y.set(row.subarray(width), i * targets);
  });
  return { count, x, y };
}
