// Converts between float32 and float16 (half precision).

import { WeightsError } from './errors.js';

/**
 * Rounds float32 weights to the nearest float16 value, ties to even. Infinity and NaN are kept.
 *
 * @param name - The name of the weight, used in the error message.
 * @param remedy - What to do if a number is too large.
 * @throws {WeightsError} when a finite number is too large for float16.
 */
export function encodeFloat16(
  where: string,
  name: string,
  values: Float32Array,
  remedy = "Write them with `dtype: 'float32'`.",
): Uint16Array {
  const halves = new Uint16Array(values.length);
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i] as number;
    const bits = word[0] as number;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fff_ffff;
    if (magnitude > 0x7f80_0000) {
      halves[i] = sign | 0x7e00; // NaN
    } else if (magnitude === 0x7f80_0000) {
      halves[i] = sign | 0x7c00; // infinity
    } else if (magnitude >= 0x477f_f000) {
      throw new WeightsError(
        `${where}: expected numbers that float16 can store, at most 65504, in '${name}', received ${float[0]}. ${remedy}`,
      );
    } else if (magnitude >= 0x3880_0000) {
      halves[i] = sign | ((magnitude - 0x3800_0000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else {
      // Below 2^-14 float16 values are multiples of 2^-24. Adding 2^23 of these units makes float32 arithmetic do the rounding.
      float[0] = Math.abs(values[i] as number) * 2 ** 24 + 2 ** 23;
      halves[i] = sign | ((word[0] as number) & 0x7ff);
    }
  }
  return halves;
}

let table: Float32Array | undefined;

/** Converts float16 bits to float32 without rounding. */
export function decodeFloat16(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 0x1_0000 }, (_, bits) => {
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction === 0 ? Infinity : NaN) : (1024 + fraction) * 2 ** (exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
  });
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] as number] as number;
  return values;
}
