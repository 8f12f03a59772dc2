import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { Dataset, frameTFRecord } from '../../../src/data/index.js';
import * as node from '../../../src/node.js';
import { imageSandbox } from '../../support/imageSandbox.js';

const { inRoot, refusal } = imageSandbox();

test('a folder keeps items between passes and processes, and refuses tensors', async () => {
  let made = 0;
  const items = Dataset.range(4).map((n) => ({ n, data: Float32Array.of(n, ++made) }));
  const first = await items.cache(node.folderCache(inRoot('cache'))).toArray();
  expect(await items.cache(node.folderCache(inRoot('cache'))).toArray()).toEqual(first);
  expect(made).toBe(4);
  expect(await readdir(inRoot('cache'))).toEqual(['items.bin']);
  const odd = Dataset.from([() => 1]).cache(node.folderCache(inRoot('odd')));
  expect(await refusal(odd.toArray())).toMatchInlineSnapshot(
    `"DataError: folderCache: expected items of plain values and typed arrays, received one that cannot be written (() => 1 could not be cloned). Cache before batching: \`imageBatches(images.cache(folderCache(...)))\`."`,
  );
  expect(existsSync(inRoot('odd'))).toBe(false);
});

test('a folder of other items is refused, as are tensors before anything is written', async () => {
  const cached = <T>(items: Dataset<T>, folder = 'own') => items.cache(node.folderCache(inRoot(folder)));
  await cached(Dataset.from(['a', 'b'])).toArray();
  expect(await refusal(cached(Dataset.from(['a', 'b', 'c'])).toArray())).toMatchInlineSnapshot(
    `"DataError: folderCache: expected items made from the 3 items of this dataset, '<root>/own' has items made from 2 others, or from the same in another order. Delete the folder to make them anew, or give each dataset a folder of its own."`,
  );
  expect(await cached(Dataset.from(['a', 'b']).map((name) => `${name}.jpg`)).toArray()).toEqual(['a', 'b']);
  const unknown = Dataset.from(() => ['x']);
  expect(await cached(unknown).toArray()).toEqual(['a', 'b']);
  const batches = Dataset.from([1]).map((n) => ({ xs: tf.tensor1d([n]), n }));
  expect(await refusal(cached(batches, 'tensors').toArray())).toMatchInlineSnapshot(
    `"DataError: folderCache: expected items of plain values and typed arrays, received a tensor for \`xs\`. Cache before batching: \`imageBatches(images.cache(folderCache(...)))\`."`,
  );
  expect(existsSync(inRoot('tensors'))).toBe(false);
});

test('a folder that cannot keep items, or whose items are damaged, is named', async () => {
  const items = Dataset.range(3);
  const cached = (folder: string) => refusal(items.cache(node.folderCache(folder)).toArray());
  await writeFile(inRoot('no-folder'), '');
  expect(await cached(inRoot('no-folder'))).toMatchInlineSnapshot(
    `"DataError: folderCache: expected a folder that can be written, received '<root>/no-folder': there is a file of that name already, or on the way to it. Delete it, or give another."`,
  );
  await mkdir(inRoot('taken/items.bin'), { recursive: true });
  expect(await cached(inRoot('taken'))).toMatchInlineSnapshot(
    `"DataError: folderCache: expected a folder whose items can be read, received '<root>/taken': it is a folder, not a file. Delete it, or give another."`,
  );
  await mkdir(inRoot('damaged'));
  await writeFile(inRoot('damaged/items.bin'), frameTFRecord(Buffer.from('no item')));
  expect(await cached(inRoot('damaged'))).toMatchInlineSnapshot(
    `"DataError: folderCache: expected a folder whose items can be read, received '<root>/damaged': Unable to deserialize cloned data due to invalid or unsupported version. Delete it, or give another."`,
  );
  await writeFile(inRoot('damaged/items.bin'), 'no record');
  expect(await cached(inRoot('damaged'))).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected an intact record at offset 0 of '<root>/damaged/items.bin', received only 9 bytes. The file is damaged, or it is not a TFRecord file."`,
  );
  const cause = await items
    .cache(node.folderCache(inRoot('no-folder')))
    .toArray()
    .catch((error: unknown) => (error as Error).cause);
  expect(cause).toMatchObject({ code: 'EEXIST' });
});
