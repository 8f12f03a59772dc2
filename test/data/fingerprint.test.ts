// By what a dataset knows its items again.

import { expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';

const files = Array.from({ length: 30 }, (_, i) => ({ path: `/a/${i}.jpg`, label: i % 2 }));

test('a dataset has the fingerprint of its items, however they are changed, ordered and grouped', () => {
  const { fingerprint } = Dataset.from(files);
  expect(fingerprint).toEqual({ items: 30, digest: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
  const changed = Dataset.from([...files])
    .shuffle(9)
    .map(({ label }) => label, { varies: true })
    .cache()
    .batch(4)
    .unbatch()
    .prefetch(2)
    .repeat()
    .transform((items) => items);
  expect(changed.fingerprint).toEqual(fingerprint);
});

test('another item, order or number of items has another', () => {
  const digests = [
    files,
    files.slice(1),
    [...files].reverse(),
    [...files, files[0]!],
    files.map((file) => ({ ...file, label: 1 })),
    files.map(({ path }) => path),
    [1, 2],
    [2, 1],
    [12],
    ['1', '2'],
    [{ pixels: { width: 1, height: 1, channels: 3, data: new Uint8Array(3) }, label: new Float32Array([0, 1]) }],
    [{ pixels: { width: 1, height: 1, channels: 3, data: new Uint8Array([0, 1, 0]) }, label: new Float32Array([0, 1]) }],
    [{ pixels: { width: 1, height: 1, channels: 3, data: new Uint8Array(3) }, label: new Float32Array([1, 0]) }],
  ].map((items) => Dataset.from<unknown>(items).fingerprint!.digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(Dataset.range(5).fingerprint).toMatchObject({ items: 5 });
  expect(Dataset.range(5).fingerprint).not.toEqual(Dataset.range(1, 6).fingerprint);
});

test('a part of the items has another than the whole', () => {
  const all = Dataset.from(files);
  const parts = [
    all,
    all.take(20),
    all.take(21),
    all.skip(20),
    all.skip(1),
    all.shard(3, 0),
    all.shard(3, 1),
    all.filter(({ label }) => label === 0),
  ];
  expect(new Set(parts.map(({ fingerprint }) => fingerprint?.digest)).size).toBe(parts.length);
  expect(parts.map(({ fingerprint }) => fingerprint?.items)).toEqual([30, 20, 21, 10, 29, 10, 10, 30]);
  expect(all.take(20).fingerprint).toEqual(Dataset.from([...files]).take(20).fingerprint);
});

test('an origin stands for the file, wherever it lies', () => {
  const at = (folder: string) => Dataset.from([{ path: `${folder}/a.jpg`, origin: 'a.jpg', label: 0 }]).fingerprint;
  expect(at('/home/me')).toEqual(at('D:/photos'));
});

test('datasets together have one of all, and none where one of them is a stream', () => {
  const [a, b, stream] = [
    Dataset.from([1, 2]),
    Dataset.from([3]),
    Dataset.from(function* () {
      yield 1;
    }),
  ];
  expect(a.concat(b).fingerprint).toMatchObject({ items: 3 });
  expect(a.concat(b).fingerprint).not.toEqual(b.concat(a).fingerprint);
  expect(Dataset.zip(a, b).fingerprint).toEqual(a.concat(b).fingerprint);
  expect(stream.fingerprint).toBeUndefined();
  expect(a.concat(stream).fingerprint).toBeUndefined();
});
