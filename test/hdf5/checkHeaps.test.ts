// Heaps, and links, by which a reader would go round and round and never return.

import { File, ready } from 'h5wasm';
import { expect, test } from 'vitest';
import { readKeras } from '../../src/hdf5/index.js';

async function keras2(oldest: 'earliest' | 'latest' = 'latest'): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new File('heap.h5', 'w', { libver: [oldest, 'latest'] });
  file.create_attribute('layer_names', ['top']);
  const group = file.create_group('top');
  group.create_attribute('weight_names', ['top/kernel:0']);
  group.create_group('top').create_dataset({ name: 'kernel:0', data: Float32Array.of(1, 2), shape: [2] });
  file.close();
  return new Uint8Array(FS.readFile('heap.h5'));
}

test.each([
  ['free space of no size', 0, 0n],
  ['an object that ends before it begins', 1, 2n ** 64n - 16n],
  ['an object beyond the heap', 1, 2n ** 40n],
])('%s is refused at once', async (_, index, size) => {
  const bytes = await keras2();
  expect([...(await readKeras(bytes)).keys()]).toEqual(['top/kernel']);
  const heap = Buffer.from(bytes).indexOf('GCOL');
  expect(heap).toBeGreaterThan(0);
  const view = new DataView(bytes.buffer);
  view.setUint16(heap + 16, index, true);
  view.setBigUint64(heap + 24, size, true);
  await expect(readKeras(bytes)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[WeightsError: readKeras: a heap of the HDF5 file contains an object of an impossible size. The file is damaged.]`,
  );
});

test('sizes that the library cuts to 32 bits are refused', async () => {
  const bytes = await keras2();
  const heap = Buffer.from(bytes).indexOf('GCOL');
  const view = new DataView(bytes.buffer);
  view.setUint32(heap + 12, 1, true); // the heap: 2 ** 32 bytes more
  view.setUint16(heap + 16, 0, true);
  view.setBigUint64(heap + 24, 11n << 32n, true); // its object: nothing, once cut
  await expect(readKeras(bytes)).rejects.toThrow('an object of an impossible size');
});

test('a heap is looked at though its reserved bytes are set', async () => {
  const bytes = await keras2();
  const heap = Buffer.from(bytes).indexOf('GCOL');
  bytes[heap + 5] = 1;
  expect([...(await readKeras(bytes)).keys()]).toEqual(['top/kernel']);
  bytes.fill(0, heap + 16, heap + 32);
  await expect(readKeras(bytes)).rejects.toThrow('an object of an impossible size');
});

test.each([
  [
    'leads back to itself',
    (view: DataView, heap: number, first: number, data: number) => {
      view.setBigUint64(data + first, BigInt(first), true);
    },
  ],
  [
    'begins outside',
    (view: DataView, heap: number) => {
      view.setBigUint64(heap + 16, 2n ** 32n, true);
    },
  ],
  [
    'lies in more space than the file has',
    (view: DataView, heap: number) => {
      view.setBigUint64(heap + 8, 2n ** 29n, true);
    },
  ],
])('a list of free space that %s is refused', async (_, damage) => {
  const bytes = await keras2('earliest');
  expect([...(await readKeras(bytes)).keys()]).toEqual(['top/kernel']);
  const heap = Buffer.from(bytes).indexOf('HEAP');
  const view = new DataView(bytes.buffer);
  damage(view, heap, Number(view.getBigUint64(heap + 16, true)), Number(view.getBigUint64(heap + 24, true)));
  await expect(readKeras(bytes)).rejects.toThrow('lists free space that cannot exist');
});

test('groups that share their children are refused once they are more than the file can hold', async () => {
  const { FS } = await ready;
  const file = new File('links.h5', 'w');
  for (let level = 0; level < 12; level++) {
    const group = file.create_group(`level${level}`);
    for (const name of ['a', 'b', 'c']) group.create_soft_link(`/level${level + 1}`, name);
  }
  file.create_group('level12');
  file.close();
  await expect(readKeras(new Uint8Array(FS.readFile('links.h5')))).rejects.toThrow('more groups than it can contain');
});
