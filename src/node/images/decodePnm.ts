// Decodes Netpbm images (PBM, PGM, PPM), which sharp's prebuilt binaries cannot read. The pixels equal Pillow's, except that 16-bit gray is
// reduced to its upper 8 bits.

import type { Pixels } from '../../image/index.js';

const SPACE = new Set([9, 10, 11, 12, 13, 32]);

/** Whether a file starts with the signature of a Netpbm image. */
export function isPnm(bytes: Uint8Array): boolean {
  const kind = (bytes[1] ?? 0) - 48;
  return bytes[0] === 0x50 && kind >= 1 && kind <= 6 && (SPACE.has(bytes[2] as number) || bytes[2] === 0x23);
}

/**
 * Decodes the text formats P1 to P3 and the binary formats P4 to P6.
 *
 * @returns Uint8 pixels `[height, width, 3]`.
 * @throws {Error} with the reason when the file is damaged or too large.
 */
export function decodePnm(bytes: Uint8Array, maxPixels: number): Pixels {
  const kind = (bytes[1] as number) - 48;
  const [isText, isBits, samples] = [kind <= 3, kind % 3 === 1, kind % 3 === 0 ? 3 : 1];
  let at = 2;
  const skipSpace = (): void => {
    for (; SPACE.has(bytes[at] as number) || bytes[at] === 0x23; at++) {
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
    }
  };
  const digit = (): number => (bytes[at] ?? 0) - 48;
  const number = (most: number): number => {
    skipSpace();
    if (at >= bytes.length) throw new Error('the PNM file is truncated');
    let value = 0;
    const start = at;
    for (; digit() >= 0 && digit() <= 9 && value <= most; at++) value = 10 * value + digit();
    if (at === start || value > most) throw new Error(`the PNM file has no number of at most ${most} at byte ${start}`);
    return value;
  };
  const width = number(2 ** 31);
  const height = number(2 ** 31);
  const highest = isBits ? 1 : number(65535);
  if (width * height === 0 || highest === 0) throw new Error(`the PNM file has ${width} x ${height} pixels of at most ${highest}`);
  if (width * height > maxPixels) throw new Error(`the PNM file has ${width} x ${height} pixels`);
  // A single whitespace character precedes the pixels.
  if (!isText) at++;
  const row = isBits ? Math.ceil(width / 8) : width * samples * (highest > 255 ? 2 : 1);
  // In the text formats, a sample takes at least one byte.
  if (at + (isText ? width * samples : row) * height > bytes.length) throw new Error('the PNM file is truncated');
  const bit = (x: number, y: number): number => ((bytes[at + y * row + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
  const binary = (i: number): number =>
    highest > 255 ? 256 * (bytes[at + 2 * i] as number) + (bytes[at + 2 * i + 1] as number) : (bytes[at + i] as number);
  const textBit = (): number => {
    skipSpace();
    if (at >= bytes.length) throw new Error('the PNM file is truncated');
    if (digit() !== 0 && digit() !== 1) throw new Error(`the PBM file has neither 0 nor 1 at byte ${at}`);
    const value = digit();
    at++;
    return value;
  };
  const data = new Uint8Array(3 * width * height);
  for (let i = 0, to = 0; i < width * height * samples; i++) {
    // In bitmaps, 1 is black.
    const value = isBits
      ? 1 - (isText ? textBit() : bit(i % width, Math.floor(i / width)))
      : isText
        ? number(highest)
        : Math.min(binary(i), highest);
    const level = highest === 255 ? value : roundToEven((value / highest) * 255);
    data[to++] = level;
    if (samples === 1) data[to++] = data[to++] = level;
  }
  return { width, height, channels: 3, data };
}

/** Rounds as Python does. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
