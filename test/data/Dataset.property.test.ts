// Every step of a dataset gives the same result as the corresponding methods of an array.

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { Dataset } from '../../src/data/index.js';

interface Step {
  readonly of: (dataset: Dataset<number>) => Dataset<number>;
  readonly like: (items: readonly number[]) => number[];
}

const count = fc.integer({ min: 0, max: 12 });
const some = fc.integer({ min: 1, max: 6 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  count.map((n): Step => ({ of: (dataset) => dataset.take(n), like: (items) => items.slice(0, n) })),
  count.map((n): Step => ({ of: (dataset) => dataset.skip(n), like: (items) => items.slice(n) })),
  fc.tuple(fc.integer(), some).map(([n, concurrency]): Step => ({
    of: (dataset) => dataset.map((item) => Promise.resolve(item ^ n), { concurrency }),
    like: (items) => items.map((item) => item ^ n),
  })),
  some.map((n): Step => ({
    of: (dataset) => dataset.filter((item) => item % n === 0),
    like: (items) => items.filter((item) => item % n === 0),
  })),
  some.map((n): Step => ({ of: (dataset) => dataset.batch(n).unbatch(), like: (items) => [...items] })),
  some.map((n): Step => ({ of: (dataset) => dataset.prefetch(n), like: (items) => [...items] })),
  fc.constant<Step>({ of: (dataset) => dataset.cache(), like: (items) => [...items] }),
  fc
    .integer({ min: 0, max: 3 })
    .map((n): Step => ({ of: (dataset) => dataset.repeat(n), like: (items) => Array.from({ length: n }, () => items).flat() })),
  fc
    .array(fc.integer(), { maxLength: 5 })
    .map((more): Step => ({ of: (dataset) => dataset.concat(Dataset.from(more)), like: (items) => [...items, ...more] })),
  some
    .chain((shards) => fc.tuple(fc.constant(shards), fc.integer({ min: 0, max: shards - 1 })))
    .map(([shards, index]): Step => ({
      of: (dataset) => dataset.shard(shards, index),
      like: (items) => items.filter((_, i) => i % shards === index),
    })),
);
const items = fc.array(fc.integer(), { maxLength: 30 });

test.prop([items, fc.array(steps, { maxLength: 5 })])(
  'any chain of steps gives the same items as arrays in every pass, and its size is right where it is known',
  async (start, chain) => {
    const dataset = chain.reduce((at, { of }) => of(at), Dataset.from(start));
    const expected = chain.reduce<number[]>((at, { like }) => like(at), start);
    expect(await dataset.toArray()).toEqual(expected);
    expect(await dataset.toArray()).toEqual(expected);
    const size = dataset.cardinality();
    if (size !== 'unknown') expect(size).toBe(expected.length);
    await dataset.dispose();
  },
);

test.prop([items, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 2 ** 31 })])(
  'a shuffle is a permutation that reads ahead no further than its buffer',
  async (start, buffer, seed) => {
    const places = start.map((_, i) => i);
    const shuffled = Dataset.from(places).shuffle(buffer, { seed });
    const order = await shuffled.toArray();
    expect([...order].sort((a, b) => a - b)).toEqual(places);
    // An item can be yielded only after it was read.
    order.forEach((from, at) => {
      expect(from).toBeLessThan(at + buffer);
    });
    if (buffer === 1) expect(order).toEqual(places);
  },
);

test.prop([items, some])('batches contain all items in order, and all but the last are full', async (start, size) => {
  const batches = await Dataset.from(start).batch(size).toArray();
  expect(batches.flat()).toEqual(start);
  expect(batches.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
  fc.pre(start.length >= size);
  expect(await Dataset.from(start).batch(size, { dropRemainder: true }).toArray()).toEqual(
    batches.filter((batch) => batch.length === size),
  );
});

test.prop([items, some])('the shards of all workers together contain each item once', async (start, shards) => {
  const shares = await Promise.all(Array.from({ length: shards }, (_, index) => Dataset.from(start).shard(shards, index).toArray()));
  expect(start.map((_, i) => shares[i % shards]?.[Math.floor(i / shards)])).toEqual(start);
  expect(shares.reduce((sum, share) => sum + share.length, 0)).toBe(start.length);
});

test.prop([fc.array(items, { maxLength: 5 }), some, some])(
  'interleaving keeps every item and the order within each source',
  async (sources, cycleLength, blockLength) => {
    const tagged = sources.map((source, from) => source.map((_, i) => ({ from, i })));
    const out = await Dataset.from(tagged)
      .interleave((source) => Dataset.from(source), { cycleLength, blockLength })
      .toArray();
    sources.forEach((source, from) => {
      expect(out.filter((each) => each.from === from).map(({ i }) => i)).toEqual(source.map((_, i) => i));
    });
    expect(out).toHaveLength(sources.flat().length);
  },
);
