// Decodes Windows and OS/2 bitmaps, which sharp cannot read. The pixels equal Pillow's, checked with every file of the BMP Suite in
// test/oracles/images.oracle.ts.

import type { Pixels } from '../../image/index.js';

/** How the pixels of a bitmap are stored. */
interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows are stored from the bottom up unless this is true. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Byte offset of the pixels. */
  readonly offset: number;
  /** The color table: its byte offset, its number of colors, and the bytes per color. */
  readonly table: { readonly start: number; readonly colors: number; readonly entry: 3 | 4 };
  /** Bit masks of red, green, blue and alpha. A mask of 0 means that there is no alpha. */
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number];
}

const [RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS] = [0, 1, 2, 3, 6];

/** Whether a file starts with the signature of a bitmap. */
export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length >= 26;
}

/**
 * Decodes a bitmap of 1, 2, 4, 8, 16, 24 or 32 bits per pixel, uncompressed or compressed with RLE4 or RLE8.
 *
 * @returns Uint8 pixels `[height, width, 3]`, or `[height, width, 4]` where the file has alpha.
 * @throws {Error} with the reason when the file is damaged, has more than `maxPixels` pixels, or is of an unsupported kind.
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): Pixels {
  const header = readHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { width, height, bits, compression } = header;
  if (width * height > maxPixels) throw new Error(`the BMP file has ${width} x ${height} pixels`);
  if (compression === RLE8 || compression === RLE4) return withColors(header, bytes, readRuns(header, bytes));
  const stride = 4 * Math.ceil((width * bits) / 32);
  if (header.offset + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) throw new Error('the BMP file is truncated');
  return bits <= 8 ? withColors(header, bytes, readIndices(header, bytes, stride)) : readDirect(header, bytes, stride);
}

function readHeader(view: DataView): BmpHeader {
  const size = view.getUint32(14, true);
  const isKnown = size === 12 || (size >= 16 && size <= 64) || size === 108 || size === 124;
  if (!isKnown || 14 + size > view.byteLength) throw new Error(`the BMP file has an unknown header of ${size} bytes`);
  const isOld = size === 12;
  const field = (at: number, otherwise = 0): number => (!isOld && at + 4 <= 14 + size ? view.getUint32(at, true) : otherwise);
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = field(30);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw new Error(`the BMP file has ${width} x ${signedHeight} pixels`);
  const depths = { [RGB]: [1, 2, 4, 8, 16, 24, 32], [RLE8]: [8], [RLE4]: [4], [BITFIELDS]: [16, 32], [ALPHA_BITFIELDS]: [16, 32] }[
    compression
  ];
  // In OS/2 bitmaps, compression numbers from 3 up have another meaning.
  if (depths?.includes(bits) !== true || (size === 64 && compression > RLE4)) {
    throw new Error(`the BMP file has ${bits} bits per pixel with compression ${compression}, which cannot be decoded`);
  }
  const hasMasks = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const after = 14 + size + (hasMasks && size === 40 ? (compression === BITFIELDS ? 12 : 16) : 0);
  const offset = view.getUint32(10, true) || after;
  const entry = isOld ? 3 : 4;
  const colors = field(46) || Math.min(2 ** bits, Math.max(0, Math.floor((offset - after) / entry)));
  if (bits <= 8 && after + colors * entry > view.byteLength) throw new Error(`the BMP file is too short for its ${colors} colors`);
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    compression,
    offset,
    table: { start: after, colors, entry },
    masks: masksOf(view, size, bits, hasMasks),
  };
}

function masksOf(view: DataView, size: number, bits: number, given: boolean): BmpHeader['masks'] {
  if (!given) return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const mask = (i: number): number => (54 + 4 * i + 4 <= view.byteLength ? view.getUint32(54 + 4 * i, true) : 0);
  const hasAlpha = size >= 56 || (size === 40 && view.getUint32(30, true) === ALPHA_BITFIELDS);
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

/** The position in the file of row `y`, which is counted from the top of the image. */
function storedRow({ height, topDown }: BmpHeader, y: number): number {
  return topDown ? y : height - 1 - y;
}

/** Reads the color indices of an uncompressed bitmap, top row first. */
function readIndices(header: BmpHeader, bytes: Uint8Array, stride: number): Uint8Array {
  const { width, height, bits, offset } = header;
  const indices = new Uint8Array(width * height);
  const most = 2 ** bits - 1;
  for (let y = 0, to = 0; y < height; y++) {
    const row = offset + storedRow(header, y) * stride;
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      indices[to++] = ((bytes[row + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & most;
    }
  }
  return indices;
}

/** Reads the color indices of an RLE4 or RLE8 bitmap, top row first. Pixels that the file omits get index 0, as in Pillow. */
function readRuns(header: BmpHeader, bytes: Uint8Array): Uint8Array {
  const { width, height, offset, compression } = header;
  const indices = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, offset];
  const put = (index: number): void => {
    // A run that is longer than its row is cut off.
    if (x < width) indices[storedRow(header, y) * width + x++] = index;
  };
  while (y < height) {
    if (at + 2 > bytes.length) throw new Error('the BMP file is truncated');
    const [count, value] = [bytes[at] as number, bytes[at + 1] as number];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(compression === RLE8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      if (at + 2 > bytes.length) throw new Error('the BMP file is truncated');
      const position = x + (bytes[at] as number);
      // A step past the end of the row continues in the next row, as in Pillow.
      [x, y] = [position % width, y + (bytes[at + 1] as number) + Math.floor(position / width)];
      at += 2;
    } else {
      const length = compression === RLE8 ? value : Math.ceil(value / 2);
      if (at + length > bytes.length) throw new Error('the BMP file is truncated');
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + (compression === RLE8 ? i : i >> 1)] as number;
        put(compression === RLE8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      at += length + ((offset + at + length) % 2);
    }
  }
  return indices;
}

/** Looks up the color of each index. Indices without a color are black. */
function withColors({ width, height, table }: BmpHeader, bytes: Uint8Array, indices: Uint8Array): Pixels {
  const colors = new Uint8Array(3 * 256);
  for (let i = 0; i < Math.min(table.colors, 256); i++) {
    const from = table.start + i * table.entry;
    colors.set([bytes[from + 2] ?? 0, bytes[from + 1] ?? 0, bytes[from] ?? 0], 3 * i);
  }
  const data = new Uint8Array(3 * width * height);
  for (let i = 0, to = 0; i < indices.length; i++) {
    const from = 3 * (indices[i] as number);
    data[to++] = colors[from] as number;
    data[to++] = colors[from + 1] as number;
    data[to++] = colors[from + 2] as number;
  }
  return { width, height, channels: 3, data };
}

/** Reads pixels that store their color directly, without a color table. */
function readDirect(header: BmpHeader, bytes: Uint8Array, stride: number): Pixels {
  const { width, height, bits, offset, masks } = header;
  const parts = (masks[3] === 0 ? masks.slice(0, 3) : masks).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: mask >>> shift };
  });
  const data = new Uint8Array(parts.length * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = offset + storedRow(header, y) * stride;
    for (let x = 0; x < width; x++) {
      let pixel = 0;
      for (let bit = 0; bit < bits; bit += 8) pixel |= (bytes[from++] as number) << bit;
      for (const { mask, shift, most } of parts) data[to++] = most === 0 ? 0 : Math.floor((255 * ((pixel & mask) >>> shift)) / most);
    }
  }
  return { width, height, channels: parts.length, data };
}
