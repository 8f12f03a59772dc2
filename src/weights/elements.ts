// Element types of weight files, and their conversion to and from float32. All supported formats are little-endian.

import { decodeFloat16 } from '../core/internal.js';
import { WeightsError } from '../core/index.js';

/** The element type of an array in a file. */
export type ElementType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float8_e4m3fn'
  | 'float8_e5m2'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'float8_e8m0fnu'
  | 'complex128'
  | 'complex64'
  | 'complex32'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** Bytes per element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
  complex128: 16,
  complex64: 8,
  complex32: 4,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/**
 * Converts bytes to float32. Aligned float32 data is returned as a view, everything else as a copy.
 *
 * @throws {WeightsError} when the elements are complex numbers.
 */
export function decodeElements(type: ElementType, bytes: Uint8Array): Float32Array {
  const count = bytes.byteLength / ELEMENT_BYTES[type];
  // A typed array must start at a multiple of its element size. Node's Buffer overrides `slice` and would not copy.
  const { buffer, byteOffset } = bytes.byteOffset % ELEMENT_BYTES[type] === 0 ? bytes : Uint8Array.prototype.slice.call(bytes);
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case 'float16':
      return decodeFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'bfloat16': {
      const bits = new Uint32Array(count);
      const halves = new Uint16Array(buffer, byteOffset, count);
      for (let i = 0; i < count; i++) bits[i] = (halves[i] as number) << 16;
      return new Float32Array(bits.buffer);
    }
    case 'float8_e4m3fn':
    case 'float8_e5m2':
    case 'float8_e4m3fnuz':
    case 'float8_e5m2fnuz':
    case 'float8_e8m0fnu':
      return decodeFloat8(type, new Uint8Array(buffer, byteOffset, count));
    case 'complex128':
    case 'complex64':
    case 'complex32':
      throw new WeightsError(`readWeights: expected real numbers for weights, received numbers of type ${type}.`);
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case 'uint64':
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, count), Number);
    case 'int32':
      return new Float32Array(new Int32Array(buffer, byteOffset, count));
    case 'uint32':
      return new Float32Array(new Uint32Array(buffer, byteOffset, count));
    case 'int16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case 'uint16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, count));
    case 'int8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case 'uint8':
    case 'bool':
      return new Float32Array(new Uint8Array(buffer, byteOffset, count));
  }
}

/** Number of fraction bits and exponent bias of each type. */
const FLOAT8 = {
  float8_e4m3fn: [3, 7],
  float8_e5m2: [2, 15],
  float8_e4m3fnuz: [3, 8],
  float8_e5m2fnuz: [2, 16],
  float8_e8m0fnu: [0, 127],
} as const;

function decodeFloat8(type: keyof typeof FLOAT8, bytes: Uint8Array): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, bits) => float8(type, bits));
  return Float32Array.from(bytes, (bits) => table[bits] as number);
}

// See c10/util/Float8_*.h. `fn` types have no infinities. `uz` types also have no negative zero: its bits mean NaN. E8M0 has only an
// exponent.
function float8(type: keyof typeof FLOAT8, bits: number): number {
  const [fractionBits, bias] = FLOAT8[type];
  if (type === 'float8_e8m0fnu') return bits === 255 ? NaN : 2 ** (bits - bias);
  if (type.endsWith('uz') && bits === 0x80) return NaN;
  if (type === 'float8_e4m3fn' && (bits & 0x7f) === 0x7f) return NaN;
  if (type === 'float8_e5m2' && (bits & 0x7c) === 0x7c) return (bits & 3) !== 0 ? NaN : bits & 0x80 ? -Infinity : Infinity;
  const exponent = (bits & 0x7f) >> fractionBits;
  const fraction = bits & (2 ** fractionBits - 1);
  const magnitude =
    exponent === 0 ? fraction * 2 ** (1 - bias - fractionBits) : (2 ** fractionBits + fraction) * 2 ** (exponent - bias - fractionBits);
  return bits & 0x80 ? -magnitude : magnitude;
}
