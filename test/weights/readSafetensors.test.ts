import { expect, test } from 'vitest';
import { readSafetensors, readWeights, weightArray, writeSafetensors } from '../../src/weights/index.js';
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
  [
    'a header that claims 2^60 bytes',
    new Uint8Array([0, 0, 0, 0, 0, 0, 0, 16, 1, 2]),
    'readSafetensors: the header claims 1152921504606846976 bytes, more than the limit of 100000000. It is damaged or not a safetensors file.',
  ],
  [
    'a header longer than the file',
    new Uint8Array([200, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    'readSafetensors: the header claims 200 bytes, the file has 10. It is truncated, damaged or not a safetensors file.',
  ],
  [
    'a header that is no JSON',
    fileOf('{"a": '),
    'readSafetensors: the header is not valid JSON. The file is damaged or not a safetensors file.',
  ],
  ['a header that is a list', fileOf([]), 'readSafetensors: expected the header to be a JSON object.'],
  [
    'overlapping arrays',
    fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12),
    "readSafetensors: expected 'b' to begin at byte 8 of the data, received 4. Arrays must neither overlap nor leave a gap.",
  ],
  [
    'a gap',
    fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    "readSafetensors: expected 'b' to begin at byte 4 of the data, received 8. Arrays must neither overlap nor leave a gap.",
  ],
  [
    'bytes left over',
    fileOf({ a: f32([1], 0, 4) }, 8),
    'readSafetensors: expected 4 bytes of data, received 8. The file is truncated or damaged.',
  ],
  [
    'an array beyond the end',
    fileOf({ a: f32([3], 0, 12) }, 8),
    "readSafetensors: 'a' ends at byte 12 of the data, the file has 8. It is truncated or damaged.",
  ],
  [
    'an array that ends before it begins',
    fileOf({ a: f32([1], 8, 4) }, 8),
    "readSafetensors: expected 4 bytes for 'a' of type F32 and shape [1], received -4.",
  ],
  [
    'a shape of another size',
    fileOf({ a: f32([3], 0, 8) }, 8),
    "readSafetensors: expected 12 bytes for 'a' of type F32 and shape [3], received 8.",
  ],
  [
    'a shape beyond any memory',
    fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8),
    "readSafetensors: expected 4.835703278458517e+24 bytes for 'a' of type F32 and shape [1099511627776, 1099511627776], received 8.",
  ],
  [
    'a negative length',
    fileOf({ a: f32([-1], 0, 4) }, 4),
    "readSafetensors: expected the shape of 'a' to be integers of at least 0, received [-1].",
  ],
  [
    'offsets that are no numbers',
    fileOf({ a: f32([1], '0', 4) }, 4),
    "readSafetensors: expected the offsets of 'a' to be two integers, received ['0', 4].",
  ],
  [
    'an unknown type',
    fileOf({ a: { dtype: 'F4', shape: [4], data_offsets: [0, 4] } }, 4),
    "readSafetensors: expected one of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL as the type of 'a', received 'F4'.",
  ],
  [
    'an entry that is no object',
    fileOf({ a: null }),
    "readSafetensors: expected one of F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0, C64, I64, I32, I16, I8, U64, U32, U16, U8, BOOL as the type of 'a', received undefined.",
  ],
  [
    'duplicate names',
    fileOf(`{"a":${JSON.stringify(f32([1], 0, 4))}, "\\u0061" :${JSON.stringify(f32([1], 4, 8))}}`, 8),
    "readSafetensors: two arrays are named 'a'.",
  ],
])('%s is refused in one sentence', (_, bytes, message) => {
  expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ name: 'WeightsError', message }) as Error);
});

test('a header of more than 100,000,000 bytes is refused though the file has it, and before it is read', () => {
  const bytes = new Uint8Array(100_000_009);
  const claims = (length: number) => (): unknown => {
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    return readSafetensors(bytes);
  };
  expect(claims(100_000_001)).toThrow('readSafetensors: the header claims 100000001 bytes, more than the limit of 100000000.');
  expect(claims(100_000_000)).toThrow('readSafetensors: the header is not valid JSON.');
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
    F64: [Float64Array.of(0.5, -3), [0.5, -3]],
    F32: [Float32Array.of(0.25, -4), [0.25, -4]],
    // 1, -2, 65504, the smallest subnormal 2^-24, infinity
    F16: [Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00), [1, -2, 65504, 2 ** -24, Infinity]],
    BF16: [Uint16Array.of(0x3f80, 0xc040), [1, -3]],
    I64: [BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40]],
    U64: [BigUint64Array.of(6n), [6]],
    I32: [Int32Array.of(-7), [-7]],
    U32: [Uint32Array.of(2 ** 31), [2 ** 31]],
    I16: [Int16Array.of(-8), [-8]],
    U16: [Uint16Array.of(65535), [65535]],
    I8: [Int8Array.of(-9), [-9]],
    U8: [Uint8Array.of(255), [255]],
    BOOL: [Uint8Array.of(1, 0), [1, 0]],
  } as const;
  for (const [dtype, [stored, numbers]] of Object.entries(types)) {
    const file = fileOf({ x: { dtype, shape: [stored.length], data_offsets: [0, stored.byteLength] } }, stored.byteLength);
    file.set(new Uint8Array(stored.buffer), file.length - stored.byteLength);
    expect([...readSafetensors(file).get('x')!.values()], dtype).toEqual(numbers);
  }
});
