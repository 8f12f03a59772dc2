// Decodes gray and color JPEGs with libjpeg-turbo instead of sharp: with the fast transform, which is the default of TensorFlow and Keras,
// or synchronously on the calling thread.

import type { FrameInfo, JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import { missingPackage } from '../../core/internal.js';
import type { Pixels } from '../../image/index.js';
import { jpegFrame, plainJpeg, type JpegFrame } from './jpegFrame.js';
import { loadSharp } from './loadSharp.js';
import { uprightPixels } from './uprightPixels.js';

/** Each thread keeps a buffer as large as its largest image so far. Images above this limit are left to sharp. */
const LENT_PIXELS = 2 ** 24;

/**
 * Decodes with the fast transform on Node's thread pool.
 *
 * @returns The pixels, with the EXIF orientation applied. `undefined` when the file is not a gray or color JPEG, or too large: sharp
 *   decodes these.
 * @throws {MissingPackageError} when jpeg-turbo is not installed.
 * @throws {Error} with the reason when the file cannot be decoded.
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | undefined> {
  const turbo = await loadJpegTurbo();
  const frame = plainFrame(bytes, maxPixels);
  const orientation = frame === undefined ? undefined : await exifOrientation(bytes);
  if (frame === undefined || orientation === undefined) return undefined;
  const { width, height } = frame;
  // The package would fill a buffer of its own with zeros first, on this thread.
  const memory = Buffer.allocUnsafeSlow(3 * width * height);
  const isWhole = await decompress(turbo, bytes, memory);
  const data = isWhole ? memory : await decodeDamaged(turbo, bytes, memory.length);
  return uprightPixels({ width, height, channels: 3, data: new Uint8Array(data.buffer, data.byteOffset, data.length) }, orientation);
}

/**
 * Decodes on this thread, in a fraction of the processor time that sharp takes, and calls `use` with the pixels. Their EXIF orientation is
 * applied. The buffer is reused afterwards, so `use` must copy what it keeps.
 *
 * @returns What `use` returns. `undefined` for other formats, damaged files and very large ones: `decodeImage` decodes these.
 * @throws {MissingPackageError} when jpeg-turbo is not installed, with the method 'fast'.
 */
export async function useJpeg<T>(
  bytes: Uint8Array,
  method: 'accurate' | 'fast',
  maxPixels: number,
  use: (lent: Pixels) => T,
): Promise<T | undefined> {
  const turbo = method === 'fast' ? await loadJpegTurbo() : undefined;
  const limit = Math.min(maxPixels, LENT_PIXELS);
  const frame = plainFrame(bytes, limit);
  const orientation = frame === undefined ? undefined : await exifOrientation(bytes);
  if (frame === undefined || orientation === undefined) return undefined;
  const { width, height } = frame;
  const lend = (data: Uint8Array | undefined): T | undefined =>
    data === undefined ? undefined : use(uprightPixels({ width, height, channels: 3, data }, orientation));
  if (turbo !== undefined) return lend(decodeFast(turbo, bytes, 3 * width * height));
  return onCodec((codec) => {
    const header = readHeader(codec, bytes, limit);
    return header?.width !== width || header.height !== height ? undefined : lend(decodeAccurately(codec, header));
  });
}

/** The header of a gray or color JPEG that is not too large. CMYK is left to sharp, because the jpeg-turbo package cannot decode it. */
function plainFrame(bytes: Uint8Array, maxPixels: number): JpegFrame | undefined {
  const frame = jpegFrame(bytes);
  return frame !== undefined && (frame.components === 1 || frame.components === 3) && frame.width * frame.height <= maxPixels
    ? frame
    : undefined;
}

/** Returns whether jpeg-turbo found the file intact. Of a damaged file it decodes as much as it can. */
async function decompress(turbo: JpegTurboModule, bytes: Uint8Array, memory: Buffer): Promise<boolean> {
  try {
    await turbo.decompress(asBuffer(bytes), memory, { format: turbo.FORMAT_RGB });
    return true;
  } catch {
    return false;
  }
}

/**
 * Decodes a file that jpeg-turbo finds damaged, as far as TensorFlow does. jpeg-turbo does not say what is wrong. Therefore sharp checks
 * whether the file can be decoded at all, and two decodings into different buffers show whether every pixel was written.
 */
async function decodeDamaged(turbo: JpegTurboModule, bytes: Uint8Array, size: number): Promise<Buffer> {
  const sharp = await loadSharp('decodeImage');
  await sharp(bytes, { failOn: 'error', limitInputPixels: false }).raw().toBuffer();
  const plain = plainJpeg(bytes);
  const [low, high] = [Buffer.alloc(size, 0), Buffer.alloc(size, 255)];
  await Promise.all([decompress(turbo, plain, low), decompress(turbo, plain, high)]);
  if (!low.equals(high)) throw new Error("jpeg-turbo cannot decode it with the fast method. Use dctMethod 'accurate'");
  return low;
}

let opening: Promise<JPEGDecoder> | undefined;

/** Loads libjpeg-turbo, compiled to WebAssembly. */
function openCodec(): Promise<JPEGDecoder> {
  opening ??= import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs').then(async ({ default: open }) => {
    const { JPEGDecoder } = await open();
    return new JPEGDecoder();
  });
  return opening;
}

/** Codecs that threw. Their stack was not unwound, so they must not be used again. */
const spoilt = new WeakSet<JPEGDecoder>();

/** Calls `run` with the codec. `run` is synchronous, because all images share the codec's memory. */
async function onCodec<T>(run: (codec: JPEGDecoder) => T): Promise<T> {
  for (;;) {
    const codec = await openCodec();
    // Decoding another image may have made it unusable since it was opened.
    if (!spoilt.has(codec)) return run(codec);
  }
}

function attempt<T>(codec: JPEGDecoder, run: () => T): T | undefined {
  try {
    return run();
  } catch {
    spoilt.add(codec);
    opening = undefined;
    return undefined;
  }
}

/** Reads the header, so that images with too many pixels are refused before memory is allocated for them. */
function readHeader(codec: JPEGDecoder, bytes: Uint8Array, maxPixels: number): FrameInfo | undefined {
  const header = attempt(codec, () => {
    codec.getEncodedBuffer(bytes.length).set(bytes);
    codec.readHeader();
    return codec.getFrameInfo();
  });
  return header === undefined || header.width * header.height > maxPixels ? undefined : header;
}

function decodeAccurately(codec: JPEGDecoder, { componentCount }: FrameInfo): Uint8Array | undefined {
  return attempt(codec, () => {
    codec.decode();
    const { buffer, byteOffset, length } = codec.getDecodedBuffer();
    const data = new Uint8Array(buffer, byteOffset, length);
    return componentCount === 1 ? threeOfEach(data) : data;
  });
}

function threeOfEach(values: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * values.length);
  for (let i = 0, at = 0; i < values.length; i++, at += 3) data[at] = data[at + 1] = data[at + 2] = values[i] as number;
  return data;
}

let scratch = Buffer.alloc(0);

function decodeFast(turbo: JpegTurboModule, bytes: Uint8Array, size: number): Uint8Array | undefined {
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size);
  try {
    turbo.decompressSync(asBuffer(bytes), scratch, { format: turbo.FORMAT_RGB });
    // A plain Uint8Array, because `slice` of a Buffer does not copy.
    return new Uint8Array(scratch.buffer, scratch.byteOffset, size);
  } catch {
    return undefined;
  }
}

/** The EXIF orientation, 1 to 8. Only files that contain EXIF data are given to sharp; most images of datasets have none. */
async function exifOrientation(bytes: Uint8Array): Promise<number | undefined> {
  if (!asBuffer(bytes).includes('Exif\0')) return 1;
  const sharp = await loadSharp('decodeImage');
  return sharp(bytes)
    .metadata()
    .then(
      ({ orientation = 1 }) => orientation,
      () => undefined,
    );
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

type JpegTurboModule = Pick<typeof JpegTurbo, 'decompress' | 'decompressSync' | 'FORMAT_RGB'>;

let loaded: JpegTurboModule | undefined;

async function loadJpegTurbo(): Promise<JpegTurboModule> {
  return loaded ?? (loaded = (await import('@julusian/jpeg-turbo').catch(missingPackage('decodeImage', '@julusian/jpeg-turbo'))).default);
}
