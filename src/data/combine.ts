// Passes over several datasets: one after another, in parallel or interleaved.

import { DataError } from '../core/index.js';
import { releaseItem } from './items.js';
import { runAhead } from './runAhead.js';

export type Open<T> = (epoch: number) => AsyncIterable<T>;

/** The next pass over an endless repetition numbers its epochs from here on. One pass never reaches that many. */
const ENDLESS = 1_000_000_000;

export async function* repeatPasses<T>(open: Open<T>, count: number, epoch: number): AsyncGenerator<T> {
  const first = epoch * Math.min(count, ENDLESS);
  for (let i = 0; i < count; i++) {
    let empty = true;
    for await (const item of open(first + i)) {
      empty = false;
      yield item;
    }
    if (empty && count === Infinity) throw new DataError('Dataset.repeat: expected items to repeat, received an empty dataset.');
  }
}

export async function* concatPasses<T>(sources: readonly (() => AsyncIterable<T>)[]): AsyncGenerator<T> {
  for (const open of sources) yield* open();
}

/** Ends with the shortest source. */
export async function* zipPasses(sources: readonly AsyncIterable<unknown>[]): AsyncGenerator<unknown[]> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    for (;;) {
      const results = await settleAll(iterators.map((iterator) => iterator.next()));
      if (results.some((result) => result.done === true)) {
        for (const result of results) if (result.done !== true) releaseItem(result.value);
        return;
      }
      yield results.map((result): unknown => result.value);
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

/** Like Promise.all, but waits for every promise. If one fails, the results of the others are released. */
async function settleAll(pending: readonly Promise<IteratorResult<unknown>>[]): Promise<IteratorResult<unknown>[]> {
  const settled = await Promise.allSettled(pending);
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  const results = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (failed === undefined) return results;
  for (const result of results) if (result.done !== true) releaseItem(result.value);
  throw failed.reason;
}

/**
 * Takes `blockLength` items in turn from each of `cycleLength` open sources, in the order of tf.data. When a source ends, the next one
 * takes its place.
 */
export async function* interleavePasses<T, R>(
  outer: AsyncIterable<T>,
  open: (item: T) => AsyncIterable<R> | Promise<AsyncIterable<R>>,
  cycleLength: number,
  blockLength: number,
): AsyncGenerator<R> {
  const waiting = outer[Symbol.asyncIterator]();
  const cycle = new Map<number, AsyncIterator<R>>();
  let exhausted = false;
  try {
    for (let slot = 0; ; slot = (slot + 1) % cycleLength) {
      if (!cycle.has(slot)) {
        const next = exhausted ? undefined : await waiting.next();
        if (next === undefined || next.done === true) {
          exhausted = true;
          if (cycle.size === 0) return;
          continue;
        }
        // Every open source reads one block ahead while it is the turn of the others.
        cycle.set(
          slot,
          runAhead(await open(next.value), blockLength, (item) => item),
        );
      }
      const source = cycle.get(slot) as AsyncIterator<R>;
      for (let i = 0; i < blockLength; i++) {
        const next = await source.next();
        if (next.done === true) {
          cycle.delete(slot);
          break;
        }
        yield next.value;
      }
    }
  } finally {
    await waiting.return?.();
    for (const source of cycle.values()) await source.return?.();
  }
}
