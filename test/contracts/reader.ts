// The contract of every reader of weight files.

import { describe, expect, test } from 'vitest';
import { elementCount } from '../../src/weights/internal.js';
import type { NamedArrays } from '../../src/weights/index.js';
import { createRandom } from '../../src/core/internal.js';

export interface ReaderCase {
  readonly name: string;
  readonly read: (bytes: Uint8Array) => NamedArrays | Promise<NamedArrays>;
  /** A file and what it holds. */
  readonly file: () => Uint8Array | Promise<Uint8Array>;
  readonly holds: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: ArrayLike<number> }>;
  /** How many truncated and bit-flipped copies to try. @defaultValue 100 */
  readonly damaged?: number;
}

export function describeReader({ name, read, file, holds, damaged = 100 }: ReaderCase): void {
  describe(`${name} as a reader`, () => {
    const readAll = async (bytes: Uint8Array): Promise<Map<string, { shape: readonly number[]; values: number[] }>> =>
      new Map([...(await read(bytes))].map(([key, array]) => [key, { shape: array.shape, values: [...array.values()] }]));

    test('returns every array with its name, shape and values', async () => {
      const arrays = await readAll(await file());
      expect([...arrays.keys()].sort()).toEqual([...holds.keys()].sort());
      for (const [key, { shape, values }] of holds) {
        expect(arrays.get(key)!.shape, key).toEqual(shape);
        expect(arrays.get(key)!.values, key).toEqual([...Array.from(values)]);
      }
    });

    test('reads a file at any offset of a larger buffer, without modifying it', async () => {
      const bytes = await file();
      const larger = new Uint8Array(bytes.length + 8).fill(255);
      larger.set(bytes, 3);
      const before = larger.slice();
      const plain = await readAll(bytes);
      expect(await readAll(larger.subarray(3, 3 + bytes.length))).toEqual(plain);
      // Node's Buffer is a Uint8Array whose slice does not copy.
      expect(await readAll(Buffer.from(larger.buffer, 3, bytes.length))).toEqual(plain);
      expect(larger).toEqual(before);
    });

    test('returns the same values twice', async () => {
      for (const array of (await read(await file())).values()) expect(array.values()).toEqual(array.values());
    });

    test.each(['nothing', 'noise', 'text'])('refuses %s', async (what) => {
      const random = createRandom(1);
      const bytes = {
        nothing: [],
        noise: Array.from({ length: 4000 }, () => random.integer(256)),
        text: [...Buffer.from('not a weight file\n'.repeat(50))],
      }[what]!;
      await expect(async () => readAll(Uint8Array.from(bytes))).rejects.toMatchObject({ name: 'WeightsError' });
    });

    test('rejects a truncated file', async () => {
      const bytes = await file();
      for (let i = 0; i < damaged; i++) {
        const length = Math.floor((i / damaged) * bytes.length);
        await expect(async () => readAll(bytes.slice(0, length)), `cut at ${length} of ${bytes.length}`).rejects.toMatchObject({
          name: 'WeightsError',
        });
      }
    });

    test('rejects a flipped bit or returns complete arrays, and throws no other error', async () => {
      const bytes = await file();
      const random = createRandom(7);
      for (let i = 0; i < damaged; i++) {
        const flipped = bytes.slice();
        const at = random.integer(Math.min(flipped.length, 4096));
        flipped[at]! ^= 1 << random.integer(8);
        try {
          for (const [key, { shape, values }] of await readAll(flipped)) expect(values.length, key).toBe(elementCount(shape));
        } catch (error) {
          expect(error, `byte ${at}`).toMatchObject({ name: 'WeightsError' });
        }
      }
    });
  });
}
