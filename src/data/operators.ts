// What the methods of Dataset do to the items of one pass. Each is an async generator that closes its source when it is closed.

import { createRandom, deriveSeed } from '../core/internal.js';
import { DataError, isEffnetError, OptionError } from '../core/index.js';
import { describeItem, isIterable, originOf, releaseItem } from './items.js';
import { runAhead } from './runAhead.js';

/** One pass over a dataset. */
export interface Pass {
  /** Number of passes that began before this one, 0 for the first. */
  readonly epoch: number;
  /** Aborts when the pass should stop. */
  readonly signal: AbortSignal | undefined;
}

/** What the function of `map` or `filter` receives besides the item. */
export interface ItemContext extends Pass {
  /** Position of the item in this pass, from 0. */
  readonly index: number;
}

export type ItemFunction<T, R> = (item: T, context: ItemContext) => R | Promise<R>;

/** Called once at the end of a pass that skipped items because they failed. */
export type SkipListener = (errors: readonly DataError[]) => void;

export async function* mapItems<T, R>(
  source: AsyncIterable<T>,
  fn: ItemFunction<T, R>,
  concurrency: number,
  pass: Pass,
): AsyncGenerator<R> {
  yield* inOrder(source, concurrency, async (item, index) => {
    try {
      return await fn(item, { ...pass, index });
    } catch (error) {
      throw located('Dataset.map', error, item, index, pass);
    }
  });
}

/** With a concurrency of 1, an item is started only when it is requested. */
async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  concurrency: number,
  start: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R> {
  if (concurrency > 1) {
    yield* runAhead(source, concurrency, start);
    return;
  }
  let index = 0;
  for await (const item of source) yield await start(item, index++);
}

/** Stands for an item that failed. */
class FailedItem {
  readonly error: DataError;

  constructor(error: DataError) {
    this.error = error;
  }
}

/** Like `mapItems`, but an item that fails is skipped and reported at the end of the pass, in order. */
export async function* mapOrSkip<T, R>(
  source: AsyncIterable<T>,
  fn: ItemFunction<T, R>,
  concurrency: number,
  pass: Pass,
  onSkipped: SkipListener,
): AsyncGenerator<R> {
  const errors: DataError[] = [];
  const results = inOrder<T, R | FailedItem>(source, concurrency, async (item, index) => {
    try {
      return await fn(item, { ...pass, index });
    } catch (error) {
      const failure = located('Dataset.map', error, item, index, pass);
      // An invalid option or an aborted pass is not the fault of the item.
      if (!(failure instanceof DataError)) throw failure;
      return new FailedItem(failure);
    }
  });
  for await (const result of results) {
    if (result instanceof FailedItem) errors.push(result.error);
    else yield result;
  }
  if (errors.length > 0) onSkipped(errors);
}

/** Wraps a foreign error in one that names the item. Returns the library's own errors and that of an aborted pass unchanged. */
export function located(where: string, error: unknown, item: unknown, index: number, pass: Pass): unknown {
  if (isEffnetError(error) || pass.signal?.aborted === true) return error;
  const origin = originOf(item);
  const place = origin === undefined ? `item ${index}` : `item ${index}, '${origin}'`;
  const reason = error instanceof Error ? error.message : String(error);
  return new DataError(`${where}: ${place}: ${reason}`, { cause: error, origin });
}

export async function* filterItems<T>(source: AsyncIterable<T>, keep: ItemFunction<T, boolean>, pass: Pass): AsyncGenerator<T> {
  let index = 0;
  for await (const item of source) {
    if (await keep(item, { ...pass, index: index++ })) yield item;
    else releaseItem(item);
  }
}

/** Yields a random one of up to `bufferSize` waiting items, as tf.data does. A buffer as large as the dataset shuffles perfectly. */
export async function* shuffleItems<T>(source: AsyncIterable<T>, bufferSize: number, seed: number): AsyncGenerator<T> {
  const random = createRandom(deriveSeed(seed, 'shuffle'));
  const waiting: T[] = [];
  try {
    for await (const item of source) {
      waiting.push(item);
      if (waiting.length >= bufferSize) yield takeRandom(waiting, random.integer(waiting.length));
    }
    while (waiting.length > 0) yield takeRandom(waiting, random.integer(waiting.length));
  } finally {
    waiting.forEach(releaseItem);
  }
}

function takeRandom<T>(waiting: T[], at: number): T {
  const item = waiting[at] as T;
  const last = waiting.pop() as T;
  if (at < waiting.length) waiting[at] = last;
  return item;
}

export async function* batchItems<T>(source: AsyncIterable<T>, size: number, dropRemainder: boolean): AsyncGenerator<T[]> {
  let batch: T[] = [];
  try {
    for await (const item of source) {
      batch.push(item);
      if (batch.length < size) continue;
      const full = batch;
      batch = [];
      yield full;
    }
    if (batch.length > 0 && !dropRemainder) {
      const rest = batch;
      batch = [];
      yield rest;
    }
  } finally {
    batch.forEach(releaseItem);
  }
}

/** Yields the elements of each item. */
export async function* unbatchItems<T>(batches: AsyncIterable<Iterable<T>>): AsyncGenerator<T> {
  for await (const batch of batches) {
    if (typeof batch !== 'string' && !isIterable(batch)) {
      const received = describeItem(batch);
      releaseItem(batch);
      throw new OptionError(`Dataset.unbatch: expected items that can be iterated, such as arrays, received ${received}.`);
    }
    yield* batch;
  }
}

export async function* takeItems<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count === 0) return;
  let taken = 0;
  for await (const item of source) {
    yield item;
    if (++taken >= count) return;
  }
}

export async function* skipItems<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let skipped = 0;
  for await (const item of source) {
    if (skipped++ < count) releaseItem(item);
    else yield item;
  }
}

export async function* shardItems<T>(source: AsyncIterable<T>, shards: number, index: number): AsyncGenerator<T> {
  let position = 0;
  for await (const item of source) {
    if (position++ % shards === index) yield item;
    else releaseItem(item);
  }
}

/** Stops as soon as the signal aborts, even while the source is working on an item. */
export async function* stopOn<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => {
      resolve('aborted');
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  let pending: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      pending = iterator.next();
      const result = await Promise.race([pending, aborted]);
      if (result === 'aborted') continue;
      pending = undefined;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    if (pending === undefined) await iterator.return?.();
    else abandon(iterator, pending);
  }
}

/** Closes a source that is still working on an item without waiting for it. */
function abandon<T>(iterator: AsyncIterator<T>, pending: Promise<IteratorResult<T>>): void {
  pending.then(
    (result) => {
      if (result.done !== true) releaseItem(result.value);
    },
    () => undefined,
  );
  iterator.return?.().catch(() => undefined);
}
