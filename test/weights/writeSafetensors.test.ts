import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { elementCount } from '../../src/weights/internal.js';
import { readSafetensors, weightArray, writeSafetensors } from '../../src/weights/index.js';

const arrays = fc
  .array(fc.tuple(fc.string(), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })), { maxLength: 8 })
  .map((items) => new Map(items.filter(([name]) => name !== '__metadata__')));

property.prop([arrays, fc.infiniteStream(fc.float())])('arrays that are written are read back bit for bit', (shapes, numbers) => {
  const written = new Map(
    [...shapes].map(([name, shape]) => [name, weightArray(shape, Float32Array.from([...numbers.take(elementCount(shape))]))]),
  );
  const read = readSafetensors(writeSafetensors(written));
  // A header is a JSON object: its names have no order.
  expect([...read.keys()].sort()).toEqual([...written.keys()].sort());
  for (const [name, array] of written) {
    expect(read.get(name)!.shape).toEqual(array.shape);
    expect(Buffer.from(new Uint8Array(read.get(name)!.values().slice().buffer))).toEqual(
      Buffer.from(new Uint8Array(array.values().slice().buffer)),
    );
  }
});

describe('float16', () => {
  const throughFloat16 = (...numbers: number[]): number[] => {
    const array = weightArray([numbers.length, 1], Float32Array.from(numbers));
    return [
      ...readSafetensors(writeSafetensors(new Map([['x', array]]), { dtype: 'float16' }))
        .get('x')!
        .values(),
    ];
  };

  test('rounds to the nearest, ties to even, subnormals included', () => {
    // Expected: numpy.float32(x).astype(numpy.float16), numpy 2.4.
    expect(throughFloat16(0.1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 2 ** -25, 3 * 2 ** -25, 6.1e-5, -1e-9, 2 ** -14 - 2 ** -25)).toEqual([
      0.0999755859375,
      1,
      1 + 2 ** -9,
      65504,
      0,
      2 ** -23,
      6.097555160522461e-5,
      -0,
      2 ** -14,
    ]);
  });

  property.prop([fc.integer({ min: 0, max: 0xffff })])('a value that float16 can represent is unchanged', (bits) => {
    const exponent = (bits >> 10) & 31;
    fc.pre(exponent !== 31);
    const value =
      (bits & 0x8000 ? -1 : 1) * (exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15));
    expect(throughFloat16(value)).toEqual([value]);
  });

  test('Infinity and NaN are unchanged', () => {
    expect(throughFloat16(Infinity, -Infinity, NaN)).toEqual([Infinity, -Infinity, NaN]);
  });

  test('a value out of range is refused, and a vector stays float32', () => {
    expect(() => throughFloat16(65520)).toThrowErrorMatchingInlineSnapshot(
      `[WeightsError: writeSafetensors: expected numbers that float16 can store, at most 65504, in 'x', received 65520. Write them with \`dtype: 'float32'\`.]`,
    );
    const variance = new Map([['v', weightArray([1], Float32Array.of(1e6))]]);
    expect([
      ...readSafetensors(writeSafetensors(variance, { dtype: 'float16' }))
        .get('v')!
        .values(),
    ]).toEqual([1e6]);
  });
});
