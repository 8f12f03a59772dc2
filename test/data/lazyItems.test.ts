import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Dataset, imageBatches, type LabeledImage } from '../../src/data/index.js';
import { lazyPassesOf } from '../../src/data/internal.js';
import { expectNoLeak } from '../support/leaks.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const numbers = (): Dataset<number> => Dataset.from([10, 11, 12, 13, 14, 15, 16]);
const times = (factor: number) => (value: number) => value * factor;

async function lazily<T>(data: Dataset<T>, epoch: number): Promise<{ keys: string[]; items: T[] }> {
  const [keys, items]: [string[], T[]] = [[], []];
  for await (const { key, read } of lazyPassesOf(data)!.open({ epoch, signal: undefined })) {
    keys.push(key);
    items.push(await read());
  }
  return { keys, items };
}

async function eagerly<T>(data: Dataset<T>, epoch: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of data.open({ epoch, signal: undefined })) items.push(item);
  return items;
}

test.each<[string, Dataset<unknown>, isOrdered: boolean, recurs: boolean]>([
  ['array', numbers(), true, true],
  ['shuffle', numbers().shuffle(4, { seed: 1 }), false, true],
  ['shuffle, once', numbers().shuffle(4, { seed: 1, reshuffleEachIteration: false }), true, true],
  ['map', numbers().map(times(2), { varies: false, concurrency: 3 }), true, true],
  ['map after shuffle', numbers().shuffle(7, { seed: 1 }).map(times(2), { varies: false }), false, true],
  ['take, skip and shard', numbers().take(6).skip(1).shard(2, 1), true, true],
  ['concat', numbers().concat(numbers().map(times(3), { varies: false })), true, true],
  ['repeat', numbers().shuffle(7, { seed: 2 }).repeat(3), false, true],
  ['prefetch and signal', numbers().prefetch(2).withSignal(new AbortController().signal), true, true],
  ['batch', numbers().batch(3), true, true],
  ['batch after shuffle', numbers().shuffle(7, { seed: 1 }).batch(3, { dropRemainder: true }), false, false],
  ['shuffle after batch', numbers().batch(3).shuffle(3, { seed: 1 }), false, true],
  ['cache', numbers().map(times(2), { varies: false }).cache(), true, true],
  ['declared preprocessing', numbers().withPreprocessing('original'), true, true],
])('%s: lazy items are those of the dataset, in the same order, and equal keys mean equal items', async (_, data, isOrdered, recurs) => {
  const known = new Map<string, unknown>();
  for (const epoch of [0, 1, 2]) {
    const { keys, items } = await lazily(data, epoch);
    expect(items).toEqual(await eagerly(data, epoch));
    keys.forEach((key, i) => {
      expect(known.get(key) ?? items[i]).toEqual(items[i]);
      known.set(key, items[i]);
    });
  }
  expect(lazyPassesOf(data)).toMatchObject({ isOrdered, recurs });
});

test.each<[string, Dataset<unknown>]>([
  ['a function', Dataset.from(() => [1, 2])],
  ['an iterable', Dataset.from(new Set([1, 2]))],
  ['map without `varies`', numbers().map(times(2))],
  ['map that varies', numbers().map(times(2), { varies: true })],
  ['map that skips items', numbers().map(times(2), { varies: false, errors: 'skip' })],
  ['what follows them', numbers().map(times(2)).map(times(2), { varies: false }).batch(2).prefetch(1)],
  ['cache of another order', numbers().shuffle(7, { seed: 1 }).cache()],
  ['cache of what varies', numbers().map(times(2), { varies: true }).cache()],
  ['one of two', numbers().concat(numbers().map(times(2)))],
  ['filter', numbers().filter(() => true)],
  ['zip', Dataset.zip(numbers(), numbers())],
  ['unbatch', numbers().batch(2).unbatch()],
  ['transform', numbers().transform((items) => items)],
])('%s: items cannot be identified', (_, data) => {
  expect(lazyPassesOf(data)).toBeUndefined();
});

const image = (label: number): LabeledImage => ({
  pixels: { width: 1, height: 1, channels: 3, data: Float32Array.of(label, 1, 2) },
  label,
  origin: `${label}.jpg`,
});

test('image batches read the given rows only', async () => {
  const read: number[] = [];
  const data = imageBatches(
    Dataset.from([0, 1, 2, 3, 4]).map(
      (label) => {
        read.push(label);
        return image(label);
      },
      { varies: false },
    ),
    { batchSize: 3 },
  );
  const batches = [];
  for await (const batch of lazyPassesOf(data)!.open({ epoch: 0, signal: undefined })) batches.push(batch);
  expect(batches.map(({ rows }) => rows?.keys)).toEqual([
    ['0', '1', '2'],
    ['3', '4'],
  ]);
  expect(read).toEqual([]);
  const { xs, ys } = await batches[0]!.rows!.read([2, 0]);
  expect(read).toEqual([2, 0]);
  expect([xs.shape, Array.from(await ys.data())]).toEqual([
    [2, 1, 1, 3],
    [2, 0],
  ]);
  const whole = await batches[1]!.read();
  expect(Array.from(await whole.ys.data())).toEqual([3, 4]);
  tf.dispose([xs, ys, whole.xs, whole.ys]);
});

test('runs no more functions at once than `concurrency` allows, and names the image that fails', async () => {
  let [running, most] = [0, 0];
  const data = Dataset.from(Array.from({ length: 8 }, (_, i) => image(i)))
    .map(
      async (item) => {
        running++;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        if (item.label === 5) throw new Error('broken');
        return item;
      },
      { varies: false, concurrency: 3 },
    )
    .batch(8);
  for await (const batch of lazyPassesOf(data)!.open({ epoch: 0, signal: undefined }))
    await expect(batch.read()).rejects.toThrowErrorMatchingInlineSnapshot(`[DataError: Dataset.map: item 5, '5.jpg': broken]`);
  expect([running, most]).toEqual([0, 3]);
});

test('tensors of items that are never read are disposed', async () => {
  const kept = tf.tensor1d([1, 2]);
  await expectNoLeak(async () => {
    const data = Dataset.from([{ xs: kept }, { xs: kept }])
      .cache()
      .shuffle(2, { seed: 1 });
    await eagerly(data, 0).then((items) => {
      tf.dispose(items);
    });
    const { items } = await lazily(data.take(1).skip(1), 1);
    expect(items).toEqual([]);
    await data.dispose();
  });
  kept.dispose();
});
