// A digest of numbers, by which equal arrays are recognized. It is fast and not cryptographic.

/** Returns a digest of 64 bits of an array's bytes and length, in hexadecimal digits. */
export function contentDigest(values: ArrayBufferView): string {
  const { buffer, byteOffset, byteLength } = values;
  const isAligned = byteOffset % 4 === 0;
  const words = isAligned ? new Int32Array(buffer, byteOffset, byteLength >> 2) : new Int32Array(0);
  const rest = new Uint8Array(buffer, byteOffset + words.byteLength, byteLength - words.byteLength);
  let [a, b] = [0x9e3779b9 ^ byteLength, 0x85ebca6b ^ byteLength];
  for (const word of words) {
    a = Math.imul(a ^ word, 0x01000193);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ word, 0x5bd1e995);
    b = (b << 17) | (b >>> 15);
  }
  for (const byte of rest) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
    b = (b << 17) | (b >>> 15);
  }
  return [finish(a ^ b), finish(b)].map((half) => half.toString(16).padStart(8, '0')).join('');
}

/** Spreads every bit over the whole number, as MurmurHash3 ends. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
