import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { elementCount, readSafetensors, readWeights, weightArray, writeSafetensors } from '../../src/weights/index.js';
import { describeReader } from '../contracts/reader.js';

const sample = new Map([
  ['stem_conv/kernel', weightArray([2, 1, 3], Float32Array.of(1, -2, 3.5, 1e-30, 3e38, -0))],
  ['stem_bn/gamma', weightArray([2], Float32Array.of(0.1, 0.2))],
  ['steps', weightArray([], Float32Array.of(7))],
  ['nothing', weightArray([0, 4], new Float32Array(0))],
]);

describeReader({
  name: 'safetensors',
  read: readSafetensors,
  file: () => writeSafetensors(sample),
  holds: new Map([...sample].map(([name, array]) => [name, { shape: array.shape, values: array.values() }])),
});

/** A file of this header and so many bytes of data. */
function fileOf(header: unknown, dataBytes = 0): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
}

const f32 = (shape: unknown, start: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [start, end] });

test.each<[string, Uint8Array, string]>([
  ['a header that claims 2^60 bytes', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 16, 1, 2]), 'readSafetensors: the header claims 1152921504606846976 bytes, more than the 100000000 there may be. It is damaged or no safetensors file.'],
  ['a header longer than the file', new Uint8Array([200, 0, 0, 0, 0, 0, 0, 0, 1, 2]), 'readSafetensors: the header claims 200 bytes, the file has 10. It is truncated, damaged or no safetensors file.'],
  ['a header that is no JSON', fileOf('{"a": '), 'readSafetensors: the header is no valid JSON. The file is damaged or no safetensors file.'],
  ['a header that is a list', fileOf([]), 'readSafetensors: expected the header to be a JSON object.'],
  ['overlapping arrays', fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), "readSafetensors: expected 'b' to begin at byte 8 of the data, received 4. Arrays must neither overlap nor leave a gap."],
  ['a gap', fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), "readSafetensors: expected 'b' to begin at byte 4 of the data, received 8. Arrays must neither overlap nor leave a gap."],
  ['bytes left over', fileOf({ a: f32([1], 0, 4) }, 8), 'readSafetensors: expected 4 bytes of data, received 8. The file is truncated or damaged.'],
  ['an array beyond the end', fileOf({ a: f32([3], 0, 12) }, 8), "readSafetensors: 'a' ends at byte 12 of the data, the file has 8. It is truncated or damaged."],
  ['an array that ends before it begins', fileOf({ a: f32([1], 8, 4) }, 8), "readSafetensors: expected 4 bytes for 'a' of type F32 and shape [1], received -4."],
  ['a shape of another size', fileOf({ a: f32([3], 0, 8) }, 8), "readSafetensors: expected 12 bytes for 'a' of type F32 and shape [3], received 8."],
  ['a shape beyond any memory', fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8), "readSafetensors: expected 4.835703278458517e+24 bytes for 'a' of type F32 and shape [1099511627776, 1099511627776], received 8."],
  ['a negative length', fileOf({ a: f32([-1], 0, 4) }, 4), "readSafetensors: expected the shape of 'a' to be integers of at least 0, received [-1]."],
  ['offsets that are no numbers', fileOf({ a: f32([1], '0', 4) }, 4), "readSafetensors: expected the offsets of 'a' to be two integers, received ['0', 4]."],
  ['an unknown type', fileOf({ a: { dtype: 'F4', shape: [4], data_offsets: [0, 4] } }, 4), "readSafetensors: expected one of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL as the type of 'a', received 'F4'."],
  ['an entry that is no object', fileOf({ a: null }), "readSafetensors: expected one of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL as the type of 'a', received undefined."],
  ['duplicate names', fileOf(`{"a":${JSON.stringify(f32([1], 0, 4))}, "\\u0061" :${JSON.stringify(f32([1], 4, 8))}}`, 8), "readSafetensors: two arrays are named 'a'."],
])('%s is refused in one sentence', (_, bytes, message) => {
  expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ name: 'WeightsError', message }) as Error);
});

test('a header of more than 100,000,000 bytes is refused though the file has it, and before it is read', () => {
  const bytes = new Uint8Array(100_000_009);
  const claims = (length: number) => (): unknown => {
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    return readSafetensors(bytes);
  };
  expect(claims(100_000_001)).toThrow('readSafetensors: the header claims 100000001 bytes, more than the 100000000 there may be.');
  expect(claims(100_000_000)).toThrow('readSafetensors: the header is no valid JSON.');
});

test('metadata is no array, a brace or quote in a name is no structure', () => {
  const name = 'a{"b": }\\';
  const file = writeSafetensors(new Map([[name, weightArray([1], Float32Array.of(5))]]), { metadata: { license: 'Apache-2.0' } });
  expect([...readSafetensors(file).keys()]).toEqual([name]);
});

test('a header whose length begins like a zip archive is no archive', () => {
  const bytes = fileOf('{}'.padEnd(0x4b50));
  expect(String.fromCharCode(...bytes.subarray(0, 2))).toBe('PK');
  expect(readSafetensors(bytes).size).toBe(0);
  expect(readWeights(bytes).size).toBe(0);
});

test.each([
  [Uint8Array.of(0x89, 0x48, 0x44, 0x46), "received a Keras file. Read it with `readKeras` of 'effnet-ts/hdf5'."],
  [Uint8Array.of(0x80, 2, 0x8a), 'received a PyTorch file. Read it with `readTorch`.'],
  [Buffer.from('<!doctype html><html>'), 'received a web page.'],
])('a file of another format is named, %#', (bytes, message) => {
  expect(() => readSafetensors(new Uint8Array(bytes))).toThrow(`readSafetensors: expected a safetensors file, ${message}`);
});

test('float32 is read in place, without a copy', () => {
  const file = writeSafetensors(sample);
  expect(readSafetensors(file).get('stem_conv/kernel')!.values().buffer).toBe(file.buffer);
});

test('all element types decode to their numbers', () => {
  const types = {
    F64: [Float64Array.of(0.5, -3), [0.5, -3]], F32: [Float32Array.of(0.25, -4), [0.25, -4]],
    // 1, -2, 65504, the smallest subnormal 2^-24, infinity
    F16: [Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00), [1, -2, 65504, 2 ** -24, Infinity]],
    BF16: [Uint16Array.of(0x3f80, 0xc040), [1, -3]],
    I64: [BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40]], U64: [BigUint64Array.of(6n), [6]],
    I32: [Int32Array.of(-7), [-7]], U32: [Uint32Array.of(2 ** 31), [2 ** 31]],
    I16: [Int16Array.of(-8), [-8]], U16: [Uint16Array.of(65535), [65535]],
    I8: [Int8Array.of(-9), [-9]], U8: [Uint8Array.of(255), [255]], BOOL: [Uint8Array.of(1, 0), [1, 0]],
  } as const;
  for (const [dtype, [stored, numbers]] of Object.entries(types)) {
    const file = fileOf({ x: { dtype, shape: [stored.length], data_offsets: [0, stored.byteLength] } }, stored.byteLength);
    file.set(new Uint8Array(stored.buffer), file.length - stored.byteLength);
    expect([...readSafetensors(file).get('x')!.values()], dtype).toEqual(numbers);
  }
});

const arrays = fc.array(fc.tuple(fc.string(), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })), { maxLength: 8 })
  .map((items) => new Map(items.filter(([name]) => name !== '__metadata__')));

property.prop([arrays, fc.infiniteStream(fc.float())])('what is written is read back bit for bit', (shapes, numbers) => {
  const written = new Map([...shapes].map(([name, shape]) => [name, weightArray(shape, Float32Array.from([...numbers.take(elementCount(shape))]))]));
  const read = readSafetensors(writeSafetensors(written));
  // A header is a JSON object: its names have no order.
  expect([...read.keys()].sort()).toEqual([...written.keys()].sort());
  for (const [name, array] of written) {
    expect(read.get(name)!.shape).toEqual(array.shape);
    expect(Buffer.from(new Uint8Array(read.get(name)!.values().slice().buffer))).toEqual(Buffer.from(new Uint8Array(array.values().slice().buffer)));
  }
});

describe('float16', () => {
  const throughFloat16 = (...numbers: number[]): number[] => {
    const array = weightArray([numbers.length, 1], Float32Array.from(numbers));
    return [...readSafetensors(writeSafetensors(new Map([['x', array]]), { dtype: 'float16' })).get('x')!.values()];
  };

  test('rounds to the nearest, ties to even, subnormals included', () => {
    // Expected: numpy.float32(x).astype(numpy.float16), numpy 2.4.
    expect(throughFloat16(0.1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 2 ** -25, 3 * 2 ** -25, 6.1e-5, -1e-9, 2 ** -14 - 2 ** -25)).toEqual(
      [0.0999755859375, 1, 1 + 2 ** -9, 65504, 0, 2 ** -23, 6.097555160522461e-5, -0, 2 ** -14]);
  });

  property.prop([fc.integer({ min: 0, max: 0xffff })])('a number that float16 has stays itself', (bits) => {
    const exponent = (bits >> 10) & 31;
    fc.pre(exponent !== 31);
    const value = (bits & 0x8000 ? -1 : 1) * (exponent === 0 ? (bits & 1023) * 2 ** -24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15));
    expect(throughFloat16(value)).toEqual([value]);
  });

  test('infinite and missing numbers stay what they are', () => {
    expect(throughFloat16(Infinity, -Infinity, NaN)).toEqual([Infinity, -Infinity, NaN]);
  });

  test('a number out of range is refused, a vector stays float32', () => {
    expect(() => throughFloat16(65520)).toThrowErrorMatchingInlineSnapshot(`[WeightsError: writeSafetensors: expected numbers that float16 can store, at most 65504, in 'x', received 65520. Write them with \`dtype: 'float32'\`.]`);
    const variance = new Map([['v', weightArray([1], Float32Array.of(1e6))]]);
    expect([...readSafetensors(writeSafetensors(variance, { dtype: 'float16' })).get('v')!.values()]).toEqual([1e6]);
  });
});

test('a shape and its numbers must agree', () => {
  expect(() => weightArray([2, 2], new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(`[WeightsError: weightArray: expected 4 values for shape [2, 2], received 3.]`);
});
