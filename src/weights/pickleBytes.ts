// Reads numbers, texts and bytes from a pickle.

/** The bytes of a pickle, read from start to end. Methods throw a RangeError at the end of the file or where a number is invalid. */
export class PickleBytes {
  /** Offset of the next byte. */
  at: number;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.at = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads up to the end of the line, which is not part of the result. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new RangeError('no end of line');
    const text = this.text(end - this.at);
    this.at += 1;
    return text;
  }

  text(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(length));
  }

  byte(): number {
    return this.view.getUint8(this.skip(1));
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  float64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  /** Reads an integer or a boolean that is written in digits. */
  digits(): number | bigint | boolean {
    const text = this.line();
    if (text === '00' || text === '01') return text === '01';
    const digits = /^(-?\d{1,160})L?$/.exec(text)?.[1];
    if (digits === undefined) throw new RangeError('no number');
    return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits);
  }

  /** Reads an integer of `length` bytes in two's complement. */
  long(length: number): number | bigint {
    if (length > 64) throw new RangeError('no such number');
    let value = 0n;
    const bytes = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    if (length > 0 && (bytes[length - 1] as number) >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** Returns the next bytes without copying them. */
  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  private skip(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw new RangeError('end of file');
    this.at += length;
    return start;
  }
}
