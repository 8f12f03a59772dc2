// CRC-32C (Castagnoli), the checksum of TFRecord files and of TensorBoard's event files.

const POLYNOMIAL = 0x82f63b78;

/** Eight tables, so that eight bytes are processed at once. */
const TABLES = /* @__PURE__ */ makeTables();

/**
 * Computes the CRC-32C of bytes as an unsigned 32-bit number.
 *
 * @see RFC 3720, appendix B.4
 */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ (at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24));
    crc =
      at(t7, low & 255) ^
      at(t6, (low >>> 8) & 255) ^
      at(t5, (low >>> 16) & 255) ^
      at(t4, low >>> 24) ^
      at(t3, at(bytes, i + 4)) ^
      at(t2, at(bytes, i + 5)) ^
      at(t1, at(bytes, i + 6)) ^
      at(t0, at(bytes, i + 7));
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at(t0, (crc ^ at(bytes, i)) & 255);
  return ~crc >>> 0;
}

/** Computes a checksum as TensorFlow stores it: rotated, plus a constant. This makes checksums of data that contains checksums safe. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function at(values: Uint8Array | Uint32Array, index: number): number {
  return values[index] as number;
}

function makeTables(): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [first] = tables as [Uint32Array];
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  for (let n = 1; n < 8; n++) {
    const [previous, table] = [tables[n - 1], tables[n]] as [Uint32Array, Uint32Array];
    for (let byte = 0; byte < 256; byte++) table[byte] = (at(previous, byte) >>> 8) ^ at(first, at(previous, byte) & 255);
  }
  return tables;
}
