import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setImmediate as soon, setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test, vi } from 'vitest';
import { DataError, OptionError } from '../../src/core/index.js';
import { Dataset } from '../../src/data/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const letters = Dataset.from(['a', 'b', 'c', 'd', 'e']);

test('no work is done until the first item is requested', async () => {
  const fn = vi.fn((n: number) => n);
  const dataset = Dataset.range(3).map(fn).prefetch(2);
  const iterator = await dataset.iterator();
  await soon();
  expect(fn).not.toHaveBeenCalled();
  await iterator.next();
  expect(fn).toHaveBeenCalled();
});

test('a concurrent map keeps the order and does not exceed its concurrency', async () => {
  let running = 0;
  let most = 0;
  const dataset = Dataset.range(20).map(
    async (n) => {
      most = Math.max(most, ++running);
      await delay((n * 7) % 5);
      running--;
      return n;
    },
    { concurrency: 4 },
  );
  expect(await dataset.toArray()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(4);
});

test('a pipeline contains at most as many items as its steps allow', async () => {
  let created = 0;
  let taken = 0;
  let most = 0;
  const dataset = Dataset.range(50)
    .map((n) => {
      most = Math.max(most, ++created - taken);
      return n;
    })
    .prefetch(3);
  for await (const item of dataset) {
    taken = item + 1;
    await delay(1);
  }
  // Three prefetched, one between map and prefetch, one at the consumer.
  expect(most).toBeLessThanOrEqual(5);
});

test('batch, unbatch, take, skip, concat, zip, repeat, shard, filter behave as in tf.data', async () => {
  expect(await letters.batch(2).toArray()).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(await letters.batch(2, { dropRemainder: true }).toArray()).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(await letters.batch(2).unbatch().toArray()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(await letters.skip(1).take(2).toArray()).toEqual(['b', 'c']);
  expect(await letters.take(1).concat(letters.skip(4)).toArray()).toEqual(['a', 'e']);
  expect(await Dataset.zip(letters, Dataset.range(1, 4)).toArray()).toEqual([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  expect(await letters.take(2).repeat(2).toArray()).toEqual(['a', 'b', 'a', 'b']);
  expect(await letters.repeat().skip(4).take(3).toArray()).toEqual(['e', 'a', 'b']);
  expect(await letters.shard(2, 1).toArray()).toEqual(['b', 'd']);
  expect(await letters.filter((letter) => letter > 'c').toArray()).toEqual(['d', 'e']);
});

test('interleave yields items in the order of tf.data', async () => {
  // tf.data.Dataset.range(1, 6).interleave(lambda x: Dataset.from_tensors(x).repeat(6), cycle_length=2, block_length=4)
  const dataset = Dataset.range(1, 6).interleave((n) => Dataset.from([n]).repeat(6), { cycleLength: 2, blockLength: 4 });
  expect(await dataset.toArray()).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5]);
});

test.each([
  [letters, 5],
  [letters.batch(2), 3],
  [letters.batch(2, { dropRemainder: true }), 2],
  [letters.repeat(), Infinity],
  [letters.repeat(0), 0],
  [letters.repeat().take(7), 7],
  [letters.shard(2, 0), 3],
  [letters.concat(letters).skip(2), 8],
  [Dataset.zip(letters, Dataset.range(3)), 3],
  [letters.filter(() => true), 'unknown'],
  [Dataset.from(() => [1]), 'unknown'],
])('cardinality of %# is a number where it can be known', (dataset, expected) => {
  expect((dataset as Dataset<unknown>).cardinality()).toBe(expected);
});

test('a seeded shuffle is repeatable, differs between passes and seeds, and keeps every item', async () => {
  const shuffled = (seed: number, reshuffleEachIteration = true) => Dataset.range(30).shuffle(10, { seed, reshuffleEachIteration });
  const dataset = shuffled(1);
  const [first, second] = [await dataset.toArray(), await dataset.toArray()];
  expect(await shuffled(1).toArray()).toEqual(first);
  expect(second).not.toEqual(first);
  expect(await shuffled(2).toArray()).not.toEqual(first);
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  const fixed = shuffled(1, false);
  expect(await fixed.toArray()).toEqual(await fixed.toArray());
  expect(await shuffled(1).repeat(2).skip(30).toArray()).toEqual(second);
});

test('leaving the loop closes the source and disposes prefetched items', async () => {
  let closed = false;
  const before = tf.memory().numTensors;
  const dataset = Dataset.from(function* () {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      closed = true;
    }
  })
    .map((n) => tf.scalar(n), { concurrency: 3 })
    .batch(2)
    .prefetch(2);
  for await (const batch of dataset) {
    tf.dispose(batch);
    break;
  }
  expect(closed).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
});

test('leaving a shuffled pass disposes the items in its buffer', async () => {
  const before = tf.memory().numTensors;
  for await (const item of Dataset.range(9)
    .map((n) => tf.scalar(n))
    .shuffle(5, { seed: 1 })) {
    item.dispose();
    break;
  }
  expect(tf.memory().numTensors).toBe(before);
});

test('cache computes each item once and yields tensors that the consumer may dispose', async () => {
  const before = tf.memory().numTensors;
  const make = vi.fn((n: number) => ({ x: tf.scalar(n) }));
  const dataset = Dataset.range(3).map(make).cache();
  for (let pass = 0; pass < 3; pass++) for await (const item of dataset) tf.dispose(item);
  expect(make).toHaveBeenCalledTimes(3);
  await dataset.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('dispose also frees the caches of the datasets before it', async () => {
  const before = tf.memory().numTensors;
  const cached = Dataset.range(3)
    .map((n) => tf.scalar(n))
    .cache();
  const last = cached.map((item) => item).batch(2);
  for await (const batch of last) tf.dispose(batch);
  expect(tf.memory().numTensors).toBe(before + 3);
  await last.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a cache stores only complete passes', async () => {
  const make = vi.fn((n: number) => n);
  const dataset = Dataset.range(3).map(make).cache();
  await dataset.take(1).toArray();
  expect(await dataset.toArray()).toEqual([0, 1, 2]);
  expect(await dataset.toArray()).toEqual([0, 1, 2]);
  expect(make.mock.calls.length).toBeLessThanOrEqual(4);
});

test('an abandoned iterator is closed by dispose, and the dataset can be read again', async () => {
  const before = tf.memory().numTensors;
  const dataset = Dataset.range(10)
    .map((n) => tf.scalar(n))
    .prefetch(3);
  const iterator = await dataset.iterator();
  tf.dispose((await iterator.next()).value as tf.Tensor);
  await soon();
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  await dataset.dispose();
  expect(tf.memory().numTensors).toBe(before);
  expect((await dataset.map((x) => (x.dispose(), 1)).toArray()).length).toBe(10);
});

test('an iterator that is no longer referenced is closed when it is garbage collected', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const before = tf.memory().numTensors;
  const dataset = Dataset.range(10)
    .map((n) => tf.scalar(n))
    .prefetch(3);
  await (async () => {
    const iterator = await dataset.iterator();
    tf.dispose((await iterator.next()).value as tf.Tensor);
  })();
  for (let i = 0; i < 100 && tf.memory().numTensors > before; i++) {
    await delay(5);
    collect();
  }
  expect(tf.memory().numTensors).toBe(before);
});

test("an abort ends a pass at once with the signal's reason", async () => {
  const abort = new AbortController();
  const dataset = Dataset.range(100)
    .map(async (n) => {
      await delay(n === 3 ? 10_000 : 0, undefined, { signal: abort.signal }).catch(() => undefined);
      return n;
    })
    .withSignal(abort.signal);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const n of dataset) {
      seen.push(n);
      if (n === 2) {
        setTimeout(() => {
          abort.abort(new Error('enough'));
        }, 5);
      }
    }
  })();
  await expect(reading).rejects.toThrow('enough');
  expect(seen).toEqual([0, 1, 2]);
});

test('an item that fails ends the pass with an error that has its position, origin and cause', async () => {
  const cause = new Error('no such color');
  const failing = Dataset.from([{ origin: 'a.jpg' }, { origin: 'b.jpg' }]).map(
    ({ origin }) => {
      if (origin === 'b.jpg') throw cause;
      return origin;
    },
    { concurrency: 2 },
  );
  const error = await failing.toArray().then(
    () => undefined,
    (thrown: unknown) => thrown as DataError,
  );
  expect(error).toBeInstanceOf(DataError);
  expect(error?.message).toMatchInlineSnapshot(`"Dataset.map: item 1, 'b.jpg': no such color"`);
  expect(error?.origin).toBe('b.jpg');
  expect(error?.cause).toBe(cause);
});

test.each([{ concurrency: 1 }, { concurrency: 3 }])(
  'a source that fails ends the pass with its error after the items before it, %o',
  async (options) => {
    const failing = Dataset.from(function* () {
      yield 1;
      yield 2;
      throw new Error('the disk is gone');
    });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const item of failing.map((n) => n, options).prefetch(2)) seen.push(item);
    };
    await expect(read()).rejects.toThrow('the disk is gone');
    expect(seen).toEqual([1, 2]);
  },
);

test('only items that fail are skipped: an invalid option ends the pass', async () => {
  const wrong = Dataset.range(3).map(() => Dataset.range(0.5), { errors: 'skip', onSkipped: vi.fn() });
  await expect(wrong.toArray()).rejects.toThrow(OptionError);
});

test("with errors: 'skip' items that fail are left out and reported", async () => {
  const onSkipped = vi.fn();
  const dataset = Dataset.range(5).map(
    (n) => {
      if (n % 2 === 1) throw new Error(`${n} is odd`);
      return n;
    },
    { errors: 'skip', onSkipped, concurrency: 2 },
  );
  expect(await dataset.toArray()).toEqual([0, 2, 4]);
  expect(onSkipped).toHaveBeenCalledExactlyOnceWith([
    new DataError('Dataset.map: item 1: 1 is odd'),
    new DataError('Dataset.map: item 3: 3 is odd'),
  ]);
});

test('elementSpec describes the structure of an item', async () => {
  const before = tf.memory().numTensors;
  const dataset = Dataset.range(1).map(() => ({ xs: tf.zeros([2, 3]), label: 1, data: new Float32Array(4) }));
  expect(await dataset.elementSpec()).toBe('{ xs: float32 [2, 3], label: number, data: Float32Array [4] }');
  expect(tf.memory().numTensors).toBe(before);
});

test('disposing an item does not dispose the tensors of the array that it comes from', async () => {
  const tensor = tf.scalar(1);
  const dataset = Dataset.from([{ tensor }]);
  for (let pass = 0; pass < 2; pass++) for await (const item of dataset) item.tensor.dispose();
  expect(tensor.isDisposed).toBe(false);
  tensor.dispose();
});

test('invalid arguments are refused', () => {
  const generator = (function* () {
    yield 1;
  })();
  expect(() => Dataset.from(generator)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.from: expected something that can be read more than once for \`items\`, received a generator. Pass the generator function itself.]`,
  );
  expect(() => letters.batch(0)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.batch: expected a positive integer for \`size\`, received 0.]`,
  );
  expect(() => letters.batch(6, { dropRemainder: true })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.batch: expected at most 5, the number of items, for \`size\`, received 6. With \`dropRemainder\` no batch would be left.]`,
  );
  expect(() => letters.map((x) => x, { concurency: 2 } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.map: expected one of the options \`concurrency\`, \`errors\`, \`onSkipped\`, \`varies\`, received \`concurency\`. Did you mean \`concurrency\`?]`,
  );
  expect(() => letters.shard(3, 3)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.shard: expected an integer in [0, 3) for \`index\`, received 3.]`,
  );
});

test('a dataset that never ends is neither cached nor read into an array', async () => {
  const endless = Dataset.range(5).repeat();
  await expect(endless.toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.toArray: expected a dataset that ends, received an endless one. Take a part of it: \`dataset.take(n).toArray()\`.]`,
  );
  expect(() => endless.cache()).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.cache: expected a dataset that ends, received an endless one. Repeat after it: \`dataset.cache().repeat()\`.]`,
  );
});

test('repeating an empty dataset without end is refused', async () => {
  await expect(
    Dataset.from(() => [])
      .repeat()
      .toArray(),
  ).rejects.toThrowErrorMatchingInlineSnapshot(`[DataError: Dataset.repeat: expected items to repeat, received an empty dataset.]`);
});

test.each([
  ['from', () => Dataset.from((() => Promise.resolve([1])) as never)],
  [
    'transform',
    () =>
      letters.transform(function* () {
        yield 1;
      } as never),
  ],
  ['interleave', () => letters.interleave(() => ['b'] as never)],
  ['unbatch', () => (Dataset.range(2) as unknown as Dataset<number[]>).unbatch()],
])('%s refuses an invalid result of its function, or invalid items, while reading', async (_, make) => {
  const dataset = make();
  await expect(dataset.toArray()).rejects.toThrowErrorMatchingSnapshot();
});

test('zip without datasets is refused, because it would never end', () => {
  expect(() => Dataset.zip()).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: Dataset.zip: expected at least one Dataset for \`datasets\`, received [].]`,
  );
});

test('an unknown size is given as NaN', () => {
  const step = (items: AsyncIterable<string>): AsyncIterable<string> => items;
  expect(letters.transform(step, letters.filter(() => true).size).cardinality()).toBe('unknown');
  expect(letters.transform(step, Infinity).cardinality()).toBe(Infinity);
  expect(() => letters.transform(step, -1)).toThrow('Dataset.transform: expected');
});
