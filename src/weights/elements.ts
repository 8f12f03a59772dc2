// Element types of weight files, and their conversion to and from float32. Bytes are little-endian, as every format here has them.

/** The type of the numbers in a file. */
export type ElementType = keyof typeof ELEMENT_BYTES;

/** Bytes of one element. */
export const ELEMENT_BYTES = {
  float64: 8, float32: 4, float16: 2, bfloat16: 2,
  int64: 8, int32: 4, int16: 2, int8: 1,
  uint64: 8, uint32: 4, uint16: 2, uint8: 1, bool: 1,
} as const;

/** Converts bytes to float32; float32 that lies aligned is returned as a view, everything else as a copy. */
export function decodeElements(type: ElementType, bytes: Uint8Array): Float32Array {
  const count = bytes.byteLength / ELEMENT_BYTES[type];
  // A typed array may only start at a multiple of its element's size; a Node Buffer's own `slice` would not copy.
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

/** Rounds float32 to the nearest float16 (ties to even); what exceeds 65504 becomes infinite. */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i] as number;
    const bits = word[0] as number;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fff_ffff;
    if (magnitude > 0x7f80_0000) {
      halves[i] = sign | 0x7e00; // not a number
    } else if (magnitude >= 0x477f_f000) {
      halves[i] = sign | 0x7c00; // rounds to 65536 or more
    } else if (magnitude >= 0x3880_0000) {
      halves[i] = sign | ((magnitude - 0x3800_0000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else {
      // Below 2^-14 float16 is a multiple of 2^-24; adding 2^23 units lets float32 do the rounding.
      float[0] = Math.abs(values[i] as number) * 2 ** 24 + 2 ** 23;
      halves[i] = sign | ((word[0] as number) & 0x7ff);
    }
  }
  return halves;
}

let float16Table: Float32Array | undefined;

function decodeFloat16(halves: Uint16Array): Float32Array {
  float16Table ??= Float32Array.from({ length: 0x1_0000 }, (_, bits) => {
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction === 0 ? Infinity : NaN) : (1024 + fraction) * 2 ** (exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
  });
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = float16Table[halves[i] as number] as number;
  return values;
}
