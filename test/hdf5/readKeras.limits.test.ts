// The limits of SECURITY.md on HDF5 files, each met and overstepped.

import { File, ready } from 'h5wasm';
import { expect, test } from 'vitest';
import { readKeras, readKerasShards } from '../../src/hdf5/index.js';
import { weightArray, writeSafetensors } from '../../src/weights/index.js';

/** A `.weights.h5` whose only dense layer lies so many groups deep. */
async function nested(levels: number): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new File('nested.h5', 'w', { libver: ['earliest', 'latest'] });
  let group = file.create_group('layers');
  for (let level = 1; level < levels; level++) group = group.create_group(`functional${level}`);
  const variables = group.create_group('dense').create_group('vars');
  variables.create_dataset({ name: '0', data: Float32Array.of(1, 2), shape: [2], chunks: [2] });
  file.close();
  return new Uint8Array(FS.readFile('nested.h5'));
}

test('groups of a model nest 16 levels deep, no deeper', async () => {
  expect([...(await readKeras(await nested(16))).keys()]).toEqual([expect.stringMatching(/functional15\/dense\/kernel$/)]);
  await expect(readKeras(await nested(17))).rejects.toThrow('readKeras: the file nests deeper than any model. It is damaged.');
});

test('a file of another format is named, with the function that reads it', async () => {
  const safetensors = writeSafetensors(new Map([['bias', weightArray([1], new Float32Array(1))]]));
  await expect(readKeras(safetensors)).rejects.toThrow(
    'readKeras: expected a Keras file, received a safetensors file. Read it with `readSafetensors`.',
  );
});

test('a shard that is not read, or not as bytes, is named', async () => {
  const index = JSON.stringify({ weight_map: { '/vars': ['m.weights.h5'] } });
  await expect(readKerasShards(index, () => Promise.resolve('text' as never))).rejects.toThrow(
    "readKerasShards: expected `readFile` to return the bytes of 'm.weights.h5' as a Uint8Array, received 'text'.",
  );
  await expect(readKerasShards(index, () => Promise.reject(new Error('offline')))).rejects.toThrow(
    "readKerasShards: 'm.weights.h5' cannot be read: offline.",
  );
});

test('an array claims at most 1,024 numbers for each byte of the file', async () => {
  const bytes = await nested(1);
  const view = new DataView(bytes.buffer);
  // The dataspace of version 1: one axis, with its largest length beside it. Chunks that are not there count as zeros.
  const at = Buffer.from(bytes).indexOf(Buffer.from([1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2])) + 8;
  expect(at).toBeGreaterThan(8);
  const claims = async (numbers: number): Promise<readonly number[] | undefined> => {
    for (const place of [at, at + 8]) view.setBigUint64(place, BigInt(numbers), true);
    return [...(await readKeras(bytes)).values()][0]?.shape;
  };
  expect(await claims(1024 * bytes.length)).toEqual([1024 * bytes.length]);
  await expect(claims(1024 * bytes.length + 1)).rejects.toThrow(
    `readKeras: 'dense/kernel' claims ${1024 * bytes.length + 1} numbers, more than the file can contain.`,
  );
});

test('a user block before the file is refused', async () => {
  const bytes = await nested(1);
  const moved = new Uint8Array(512 + bytes.length);
  moved.set(bytes, 512);
  await expect(readKeras(moved)).rejects.toThrow(/^readKeras: /);
});
