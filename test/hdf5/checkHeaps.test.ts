// A global heap with an object of no size sends the HDF5 library round and round; it never returns.

import { File, ready } from 'h5wasm';
import { expect, test } from 'vitest';
import { readKeras } from '../../src/hdf5/index.js';

async function keras2(): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new File('heap.h5', 'w');
  file.create_attribute('layer_names', ['top']);
  const group = file.create_group('top');
  group.create_attribute('weight_names', ['top/kernel:0']);
  group.create_group('top').create_dataset({ name: 'kernel:0', data: Float32Array.of(1, 2), shape: [2] });
  file.close();
  return new Uint8Array(FS.readFile('heap.h5'));
}

test.each([['free space of no size', 0, 0n], ['an object that ends before it begins', 1, 2n ** 64n - 16n], ['an object beyond the heap', 1, 2n ** 40n]])('%s is refused at once', async (_, index, size) => {
  const bytes = await keras2();
  expect([...(await readKeras(bytes)).keys()]).toEqual(['top/kernel']);
  const heap = Buffer.from(bytes).indexOf('GCOL');
  expect(heap).toBeGreaterThan(0);
  const view = new DataView(bytes.buffer);
  view.setUint16(heap + 16, index, true);
  view.setBigUint64(heap + 24, size, true);
  await expect(readKeras(bytes)).rejects.toThrowErrorMatchingInlineSnapshot(`[WeightsError: readKeras: a heap of the HDF5 file holds an object of an impossible size. The file is damaged.]`);
});
