// The bytes of a safetensors file.

import { byteLength, type WeightArray } from './namedArrays.js';

/** An array to write. The bytes are only computed when they are written. */
export interface PackedArray {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'I64';
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly bytes: () => Uint8Array;
}

/** Packs an array as float32. */
export function packedFloats(name: string, array: WeightArray): PackedArray {
  const { shape } = array;
  return { name, dtype: 'F32', shape, byteLength: byteLength(shape, 'float32'), bytes: () => bytesOf(array.values()) };
}

/** Returns the bytes of numbers. They share the memory. */
export function bytesOf({ buffer, byteOffset, byteLength: length }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** Returns a file with the arrays one after the other, in the given order. */
export function packSafetensors(arrays: readonly PackedArray[], metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  let end = 0;
  const places = arrays.map((array) => {
    const start = end;
    end += array.byteLength;
    return { array, start, end };
  });
  const header = Object.fromEntries(
    places.map(({ array: { name, dtype, shape }, start, end }) => [name, { dtype, shape, data_offsets: [start, end] }]),
  );
  const json = new TextEncoder().encode(
    JSON.stringify(Object.keys(metadata).length === 0 ? header : { __metadata__: metadata, ...header }),
  );
  // Spaces after the header align the data to 8 bytes, so that it can be read without copying.
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes).set(json, 8);
  for (const { array, start } of places) file.set(array.bytes(), 8 + headerBytes + start);
  return file;
}
