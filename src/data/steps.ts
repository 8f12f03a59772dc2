// The steps that the methods of Dataset add: each checks its arguments and returns how to open, count and describe the new dataset. What
// a step does to the items of a pass is in operators.ts and combine.ts.

import {
  boolean,
  callable,
  check,
  checkOptions,
  deriveSeed,
  invalid,
  nonNegativeInteger,
  positiveInteger,
  rule,
  signal as signalRule,
} from '../core/internal.js';
import { OptionError } from '../core/index.js';
import { cachedPass, type CacheStore } from './cache.js';
import { concatPasses, interleavePasses, repeatPasses, zipPasses } from './combine.js';
import type { BatchOptions, InterleaveOptions, MapOptions, ShuffleOptions } from './datasetOptions.js';
import { asyncIterable, cacheStore, interleaveSettings, mapSettings, prefetchCount, shuffleSettings, sizeRule } from './datasetRules.js';
import { partFingerprint, type DataFingerprint } from './fingerprint.js';
import { lazyBatches, lazyConcat, lazyMap, lazyPositions, lazyStep } from './lazyItems.js';
import {
  batchItems,
  filterItems,
  type ItemFunction,
  mapItems,
  mapOrSkip,
  type Pass,
  shardItems,
  shuffleItems,
  skipItems,
  stopOn,
  takeItems,
  unbatchItems,
} from './operators.js';
import { runAhead } from './runAhead.js';
import { agreed, knownPreprocessing, type ItemTraits } from './traits.js';

/** The dataset that a step follows. */
export interface Upstream<T> {
  readonly size: number;
  readonly traits: ItemTraits;
  readonly fingerprint: DataFingerprint | undefined;
  open(pass: Pass): AsyncIterable<T>;
}

/** How the dataset after a step is opened, how many items it has, and which traits differ from those of its upstream. */
export interface Step<T, Changes = ItemTraits> {
  readonly open: (pass: Pass) => AsyncIterable<T>;
  readonly size: number;
  readonly traits?: Partial<Changes> | undefined;
  /** Frees what the step keeps between passes. */
  readonly release?: (() => void) | undefined;
}

export function mapStep<T, R>(source: Upstream<T>, fn: ItemFunction<T, R>, options: MapOptions): Step<R> {
  check('Dataset.map', 'fn', fn, callable);
  const { concurrency, errors, onSkipped, varies } = mapSettings(options);
  // The function may have resized the images, so their sizes no longer count as original.
  const traits = { varies: varies === true || source.traits.varies, prepared: knownPreprocessing(source.traits) };
  // A function that does not say whether it varies may contain random augmentation.
  const lazy = varies === false ? lazyMap(source, fn, concurrency) : undefined;
  return errors === 'skip'
    ? { open: (pass) => mapOrSkip(source.open(pass), fn, concurrency, pass, onSkipped), size: NaN, traits }
    : { open: (pass) => mapItems(source.open(pass), fn, concurrency, pass), size: source.size, traits: { ...traits, lazy } };
}

export function filterStep<T>(source: Upstream<T>, keep: ItemFunction<T, boolean>): Step<T> {
  check('Dataset.filter', 'keep', keep, callable);
  const size = source.size === Infinity ? Infinity : NaN;
  return { open: (pass) => filterItems(source.open(pass), keep, pass), size, traits: partOf(source, 'filter') };
}

export function shuffleStep<T>(source: Upstream<T>, bufferSize: number, options: ShuffleOptions): Step<T> {
  check('Dataset.shuffle', 'bufferSize', bufferSize, positiveInteger);
  const { seed, reshuffleEachIteration } = shuffleSettings(options);
  const shuffle = <I>(items: AsyncIterable<I>, { epoch }: Pass): AsyncIterable<I> =>
    shuffleItems(items, bufferSize, deriveSeed(seed, reshuffleEachIteration ? epoch : 0));
  const lazy = lazyStep(source, shuffle, reshuffleEachIteration ? { isOrdered: false } : {});
  return { open: (pass) => shuffle(source.open(pass), pass), size: source.size, traits: { lazy } };
}

export function batchStep<T>(source: Upstream<T>, size: number, options: BatchOptions): Step<T[]> {
  check('Dataset.batch', 'size', size, positiveInteger);
  const { dropRemainder = false } = checkOptions('Dataset.batch', options, { dropRemainder: boolean });
  if (dropRemainder && source.size < size) {
    const expected = `at most ${source.size}, the number of items,`;
    throw invalid('Dataset.batch', 'size', expected, size, 'With `dropRemainder` no batch would be left.');
  }
  const batches = source.size / size;
  return {
    open: (pass) => batchItems(source.open(pass), size, dropRemainder),
    size: dropRemainder ? Math.floor(batches) : Math.ceil(batches),
    traits: {
      lazy: lazyBatches(source, { size, dropRemainder, join: (batch) => [...batch] }),
    },
  };
}

export function unbatchStep<T>(source: Upstream<Iterable<T>>): Step<T> {
  return { open: (pass) => unbatchItems(source.open(pass)), size: NaN };
}

export function prefetchStep<T>(source: Upstream<T>, count: number | 'auto'): Step<T> {
  check('Dataset.prefetch', 'count', count, prefetchCount);
  const limit = count === 'auto' ? 2 : count;
  // The consumer of lazy items decides when it reads them.
  const lazy = lazyStep(source, (items) => items);
  return { open: (pass) => runAhead(source.open(pass), limit, (item) => item), size: source.size, traits: { lazy } };
}

export function cacheStep<T>(source: Upstream<T>, store: CacheStore<T>): Step<T> {
  check('Dataset.cache', 'store', store, cacheStore);
  checkFinite('Dataset.cache', source, 'Repeat after it: `dataset.cache().repeat()`.');
  const open = (pass: Pass): AsyncIterable<T> => cachedPass(store, source.traits.prepared, source.fingerprint, () => source.open(pass));
  return {
    open,
    size: source.size,
    traits: { varies: false, lazy: lazyPositions(source, open) },
    release: () => {
      store.release();
    },
  };
}

export function repeatStep<T>(source: Upstream<T>, count: number): Step<T> {
  if (count !== Infinity) check('Dataset.repeat', 'count', count, nonNegativeInteger);
  const { lazy } = source.traits;
  const repeat = <I>(open: (pass: Pass) => AsyncIterable<I>, pass: Pass): AsyncIterable<I> =>
    repeatPasses((epoch) => open({ ...pass, epoch }), count, pass.epoch);
  return {
    open: (pass) => repeat((each) => source.open(each), pass),
    size: source.size === 0 || count === 0 ? 0 : source.size * count,
    traits: { lazy: lazy && { ...lazy, open: (pass) => repeat(lazy.open, pass), isOrdered: false } },
  };
}

export function takeStep<T>(source: Upstream<T>, count: number): Step<T> {
  check('Dataset.take', 'count', count, nonNegativeInteger);
  const size = Math.min(source.size, count);
  const lazy = lazyStep(source, (items) => takeItems(items, count));
  return { open: (pass) => takeItems(source.open(pass), count), size, traits: { ...partOf(source, `take ${count}`, size), lazy } };
}

export function skipStep<T>(source: Upstream<T>, count: number): Step<T> {
  check('Dataset.skip', 'count', count, nonNegativeInteger);
  const size = Math.max(0, source.size - count);
  const lazy = lazyStep(source, (items) => skipItems(items, count));
  return { open: (pass) => skipItems(source.open(pass), count), size, traits: { ...partOf(source, `skip ${count}`, size), lazy } };
}

export function shardStep<T>(source: Upstream<T>, shards: number, index: number): Step<T> {
  check('Dataset.shard', 'shards', shards, positiveInteger);
  const inRange = rule<number>(`an integer in [0, ${shards})`, (value) => nonNegativeInteger.accepts(value) && value < shards);
  check('Dataset.shard', 'index', index, inRange);
  const size = Number.isFinite(source.size) ? Math.max(0, Math.ceil((source.size - index) / shards)) : source.size;
  return {
    open: (pass) => shardItems(source.open(pass), shards, index),
    size,
    traits: {
      ...partOf(source, `shard ${index} of ${shards}`, size),
      lazy: lazyStep(source, (items) => shardItems(items, shards, index)),
    },
  };
}

export function concatStep<T>(sources: readonly Upstream<T>[]): Step<T> {
  return {
    open: (pass) => concatPasses(sources.map((each) => () => each.open(pass))),
    size: sources.reduce((sum, each) => sum + each.size, 0),
    traits: { prepared: agreed(sources.map((each) => each.traits.prepared)), lazy: lazyConcat(sources) },
  };
}

export function zipStep(sources: readonly Upstream<unknown>[]): Step<unknown[]> {
  return {
    open: (pass) => zipPasses(sources.map((each) => each.open(pass))),
    size: Math.min(...sources.map((each) => each.size)),
    // Labels and other data that accompany the images have no preprocessing.
    traits: { prepared: agreed(sources.map((each) => each.traits.prepared).filter((each) => each !== undefined)) },
  };
}

/** @param open - Returns the dataset for an item, and checks that it is one. */
export function interleaveStep<T, R>(source: Upstream<T>, open: (item: T) => Promise<Upstream<R>>, options: InterleaveOptions): Step<R> {
  const { cycleLength, blockLength } = interleaveSettings(options);
  const start = async (item: T, pass: Pass): Promise<AsyncIterable<R>> => (await open(item)).open(pass);
  return {
    open: (pass) => interleavePasses(source.open(pass), (item) => start(item, pass), cycleLength, blockLength),
    size: NaN,
    traits: { prepared: undefined },
  };
}

export function signalStep<T>(source: Upstream<T>, signal: AbortSignal): Step<T> {
  check('Dataset.withSignal', 'signal', signal, signalRule);
  const { lazy } = source.traits;
  return {
    open: (pass) => stopOn(source.open({ ...pass, signal }), signal),
    size: source.size,
    traits: { lazy: lazy && { ...lazy, open: (pass) => stopOn(lazy.open({ ...pass, signal }), signal) } },
  };
}

export function transformStep<T, R>(
  source: Upstream<T>,
  step: (items: AsyncIterable<T>, pass: Pass) => AsyncIterable<R>,
  size: number,
): Step<R> {
  check('Dataset.transform', 'step', step, callable);
  check('Dataset.transform', 'size', size, sizeRule);
  const open = (pass: Pass): AsyncIterable<R> => {
    const items = step(source.open(pass), pass);
    check('Dataset.transform', 'step(items)', items, asyncIterable, 'Write it as `async function*`.');
    return items;
  };
  return { open, size, traits: { prepared: knownPreprocessing(source.traits) } };
}

/** Throws an OptionError for a dataset that never ends. */
export function checkFinite(where: string, { size }: { readonly size: number }, remedy: string): void {
  if (size === Infinity) throw new OptionError(`${where}: expected a dataset that ends, received an endless one. ${remedy}`);
}

/** The fingerprint of a part of the items. */
function partOf(source: Upstream<unknown>, part: string, size = NaN): Pick<ItemTraits, 'fingerprint'> {
  return { fingerprint: () => partFingerprint(source.fingerprint, part, size) };
}
