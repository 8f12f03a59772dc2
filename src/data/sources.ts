// The first step of every dataset: items from iterables, functions, ranges of numbers or tfjs-data.

import { check, checkNumbers, invalid, rule, seed } from '../core/internal.js';
import type { TfDataset } from './datasetOptions.js';
import { fingerprintOf } from './fingerprint.js';
import { cloneItem, isIterable } from './items.js';
import { lazyArray } from './lazyItems.js';
import type { Pass } from './operators.js';
import type { Step } from './steps.js';

/** What a dataset can be made from. A function is called again for every pass. */
export type Source<T> = Iterable<T> | AsyncIterable<T> | ((pass: Pass) => Iterable<T> | AsyncIterable<T>);

const source = rule<Source<unknown>>(
  'an iterable or a function that returns one',
  (value) => typeof value === 'function' || isIterable(value),
);
const tfDataset = rule<TfDataset<unknown>>(
  'a tfjs-data Dataset',
  (value) => typeof (value as TfDataset<unknown> | null)?.iterator === 'function',
);

export function itemsSource<T>(items: Source<T>): Step<T> {
  check('Dataset.from', 'items', items, source);
  if (typeof items === 'function') {
    const open = (pass: Pass): AsyncIterable<T> => {
      const made = items(pass);
      if (isIterable(made)) return iterate(made);
      throw invalid('Dataset.from', 'items()', 'an iterable', made, 'Write an asynchronous source as `async function*`.');
    };
    return { open, size: NaN };
  }
  if (isOneShot(items)) {
    throw invalid('Dataset.from', 'items', 'something that can be read more than once', items, 'Pass the generator function itself.');
  }
  const open = (): AsyncIterable<T> => iterate(items, cloneItem);
  return Array.isArray(items)
    ? { open, size: items.length, traits: { fingerprint: () => fingerprintOf(items), lazy: lazyArray(items as readonly T[], cloneItem) } }
    : { open, size: NaN };
}

export function rangeSource(start: number, end: number): Step<number> {
  checkNumbers('Dataset.range', { start, end }, seed);
  const size = Math.max(0, end - start);
  return {
    open: () => iterate(count(start, end)),
    size,
    traits: { fingerprint: () => ({ ...fingerprintOf([start, end]), items: size }) },
  };
}

export function tfDataSource<T>(data: TfDataset<T>): Step<T> {
  check('Dataset.fromTfData', 'data', data, tfDataset);
  const open = async function* (): AsyncGenerator<T> {
    const iterator = await data.iterator();
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  return { open, size: data.size ?? NaN };
}

function* count(start: number, end: number): Generator<number> {
  for (let i = start; i < end; i++) yield i;
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>, copy: (item: T) => T = (item) => item): AsyncGenerator<T> {
  if (Symbol.asyncIterator in items) for await (const item of items) yield copy(item);
  else for (const item of items) yield copy(item);
}

/** A generator object is its own iterator, so it can be read only once. */
function isOneShot(items: Iterable<unknown> | AsyncIterable<unknown>): boolean {
  const iterator: unknown = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  return iterator === items;
}
