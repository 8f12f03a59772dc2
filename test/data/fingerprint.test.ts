// Fingerprints identify the items that a dataset is made from.

import { expect, test } from 'vitest';
import { Dataset } from '../../src/data/index.js';

const files = Array.from({ length: 30 }, (_, i) => ({ path: `/a/${i}.jpg`, label: i % 2 }));

test('mapping, shuffling, caching and batching keep the fingerprint', () => {
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

test('other items, another order or another number of items change the fingerprint', () => {
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

test('a part of the items has another fingerprint than the whole', () => {
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

test('items with an origin keep their fingerprint when their folder is moved', () => {
  const at = (folder: string) => Dataset.from([{ path: `${folder}/a.jpg`, origin: 'a.jpg', label: 0 }]).fingerprint;
  expect(at('/home/me')).toEqual(at('D:/photos'));
});

test('combined datasets have a common fingerprint, and none if one of them is a stream', () => {
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
