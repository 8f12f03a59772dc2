// Passes whose items are read on demand. A consumer that keeps results per item then reads only the items that it has no result for.

import { identityOf, type ItemIdentity } from './fingerprint.js';
import { releaseItem } from './items.js';
import { batchItems, located, type ItemFunction, type Pass } from './operators.js';

/** An item that has not been read yet. */
export interface LazyItem<T> {
  /** Identifies the item in all passes over its dataset. Equal keys mean equal items. */
  readonly key: string;
  /** Reads the item. The caller disposes its tensors. */
  readonly read: () => Promise<T>;
  /** The file that the item is read from, the same in every process. `undefined` if the item is in memory, or a batch. */
  readonly identity?: ItemIdentity | undefined;
  /** A value in memory that `read` uses. `releaseItem` disposes its tensors if the item is never read. */
  readonly source?: unknown;
  /** For a batch of images: how to read some of them. */
  readonly rows?: LazyRows<T> | undefined;
}

/** The images of a batch. */
export interface LazyRows<T> {
  readonly keys: readonly string[];
  /** The files that the images are read from. */
  readonly identities: readonly (ItemIdentity | undefined)[];
  /** Reads a batch of the given images only, in the given order. */
  readonly read: (rows: readonly number[]) => Promise<T>;
}

/** How to open passes of lazy items. */
export interface LazyPasses<T> {
  readonly open: (pass: Pass) => AsyncIterable<LazyItem<T>>;
  /** Whether every pass has the same order. */
  readonly isOrdered: boolean;
  /** Whether every pass has the same items. Batches of shuffled items differ. */
  readonly recurs: boolean;
  /** Whether the items are batches whose images can be read one by one. */
  readonly hasRows: boolean;
}

/** The part of a dataset that is needed to open it lazily. */
interface Source {
  readonly traits: { readonly lazy: LazyPasses<unknown> | undefined };
}

/** Returns the lazy passes of a dataset, or `undefined` if its items cannot be identified or may vary. */
export function lazyPassesOf<T>({ traits: { lazy } }: Source & AsyncIterable<T>): LazyPasses<T> | undefined {
  return lazy as LazyPasses<T> | undefined;
}

/** Lazy passes over items in memory. `copy` is applied to each item that is read. */
export function lazyArray<T>(items: readonly T[], copy: (item: T) => T): LazyPasses<T> {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- consumers expect an async iterable
    open: async function* () {
      for (const [i, item] of items.entries()) {
        yield { key: String(i), read: () => Promise.resolve(copy(item)), identity: identityOf(item) };
      }
    },
    isOrdered: true,
    recurs: true,
    hasRows: false,
  };
}

/** Lazy passes after a step that only selects or reorders items. */
export function lazyStep(
  { traits: { lazy } }: Source,
  step: (items: AsyncIterable<LazyItem<unknown>>, pass: Pass) => AsyncIterable<LazyItem<unknown>>,
  changes: Partial<LazyPasses<unknown>> = {},
): LazyPasses<unknown> | undefined {
  return lazy && { ...lazy, open: (pass) => step(lazy.open(pass), pass), ...changes };
}

/** Lazy passes after a `map` whose results are the same in every epoch. */
export function lazyMap(source: Source, fn: ItemFunction<never, unknown>, concurrency: number): LazyPasses<unknown> | undefined {
  const mapped = async function* (items: AsyncIterable<LazyItem<unknown>>, pass: Pass): AsyncGenerator<LazyItem<unknown>> {
    const limited = limit(concurrency);
    let index = 0;
    for await (const { key, read, source: held, identity } of items) {
      const context = { ...pass, index: index++ };
      const readMapped = async (): Promise<unknown> => {
        const item = await read();
        try {
          return await limited(() => fn(item as never, context));
        } catch (error) {
          throw located('Dataset.map', error, item, context.index, pass);
        }
      };
      yield { key, read: readMapped, source: held, identity };
    }
  };
  return lazyStep(source, mapped, { hasRows: false });
}

/** Lazy passes over items that are read in a fixed order by a step such as `cache`. Each item is identified by its position. */
export function lazyPositions({ traits: { lazy } }: Source, open: (pass: Pass) => AsyncIterable<unknown>): LazyPasses<unknown> | undefined {
  if (lazy?.isOrdered !== true) return undefined;
  return {
    open: async function* (pass) {
      let index = 0;
      for await (const item of open(pass)) yield { key: String(index++), read: () => Promise.resolve(item), source: item };
    },
    isOrdered: true,
    recurs: true,
    hasRows: false,
  };
}

/** Lazy passes over several datasets in a row. */
export function lazyConcat(sources: readonly Source[]): LazyPasses<unknown> | undefined {
  const all = sources.map(({ traits }) => traits.lazy).filter((lazy) => lazy !== undefined);
  if (all.length < sources.length) return undefined;
  return {
    open: async function* (pass) {
      for (const [i, { open }] of all.entries())
        for await (const item of open(pass)) yield { ...item, key: `${i}:${item.key}`, rows: named(item, i) };
    },
    isOrdered: all.every(({ isOrdered }) => isOrdered),
    recurs: all.every(({ recurs }) => recurs),
    hasRows: all.every(({ hasRows }) => hasRows),
  };
}

function named({ rows }: LazyItem<unknown>, i: number): LazyRows<unknown> | undefined {
  return rows && { ...rows, keys: rows.keys.map((key) => `${i}:${key}`) };
}

/** How {@link lazyBatches} groups items. */
interface BatchSettings<T> {
  readonly size: number;
  readonly dropRemainder: boolean;
  /** Creates a batch from the items that were read. */
  readonly join: (items: readonly T[]) => unknown;
  /** Whether `join` also accepts a part of a batch. @defaultValue false */
  readonly hasRows?: boolean | undefined;
}

/** Lazy passes over batches of items. */
export function lazyBatches<T>(
  source: Source,
  { size, dropRemainder, join, hasRows = false }: BatchSettings<T>,
): LazyPasses<unknown> | undefined {
  const group = async function* (items: AsyncIterable<LazyItem<unknown>>): AsyncGenerator<LazyItem<unknown>> {
    for await (const batch of batchItems(items as AsyncIterable<LazyItem<T>>, size, dropRemainder)) {
      const keys = batch.map(({ key }) => key);
      const read = async (rows: readonly LazyItem<T>[]): Promise<unknown> => join(await readAll(rows));
      yield {
        key: keys.join(),
        read: () => read(batch),
        source: batch.map(({ source: held }) => held),
        rows: hasRows
          ? {
              keys,
              identities: batch.map(({ identity }) => identity),
              read: (rows) => read(rows.map((row) => batch[row] as LazyItem<T>)),
            }
          : undefined,
      };
    }
  };
  const { lazy } = source.traits;
  return lazyStep(source, group, { recurs: lazy?.recurs === true && lazy.isOrdered, hasRows });
}

/** Reads several items at once. If one fails, those that were read are disposed. */
async function readAll<T>(items: readonly LazyItem<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(items.map(({ read }) => read()));
  const failed = results.find((result) => result.status === 'rejected');
  const values = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return values;
  values.forEach(releaseItem);
  throw failed.reason;
}

/** Runs at most `count` tasks at once, in the order in which they were given. */
function limit(count: number): <R>(task: () => R | Promise<R>) => Promise<R> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      // The next task takes over the place of this one.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
