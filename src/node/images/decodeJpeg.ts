// Gray and color JPEGs without sharp, by libjpeg-turbo: with its fast transform, TensorFlow's and Keras' default, or on the thread that
// asks.

import type { FrameInfo, JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import { missingPackage } from '../../core/internal.js';
import type { Pixels } from '../../image/index.js';
import { jpegFrame, plainJpeg, type JpegFrame } from './jpegFrame.js';
import { loadSharp } from './loadSharp.js';
import { uprightPixels } from './uprightPixels.js';

/** A thread keeps the memory of its largest image; larger ones are left to sharp. */
const LENT_PIXELS = 2 ** 24;

/**
 * Decodes with the fast transform on Node's threads.
 *
 * @returns The pixels, upright; or `undefined` where the file is no gray or color JPEG, or too large, which is left to sharp.
 * @throws {MissingPackageError} when jpeg-turbo is not installed.
 * @throws {Error} with the reason when the file cannot be decoded.
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | undefined> {
  const turbo = await loadJpegTurbo();
  const frame = plainFrame(bytes, maxPixels);
  const orientation = frame === undefined ? undefined : await exifOrientation(bytes);
  if (frame === undefined || orientation === undefined) return undefined;
  const { width, height } = frame;
  // Memory of its own: what the package would take is filled with zeros on this thread.
  const memory = Buffer.allocUnsafeSlow(3 * width * height);
  const isWhole = await decompress(turbo, bytes, memory);
  const data = isWhole ? memory : await decodeDamaged(turbo, bytes, memory.length);
  return uprightPixels({ width, height, channels: 3, data: new Uint8Array(data.buffer, data.byteOffset, data.length) }, orientation);
}

/**
 * Decodes on this thread, in a fraction of the processor time that sharp's threads take, and lends the pixels, upright, to `use`: it must
 * copy what it keeps.
 *
 * @returns What `use` returns; or `undefined` for what is left to `decodeImage`: other files, damaged and very large ones.
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

/** The header of a gray or color JPEG that is not too large. CMYK is left to sharp: jpeg-turbo's package cannot decode it. */
function plainFrame(bytes: Uint8Array, maxPixels: number): JpegFrame | undefined {
  const frame = jpegFrame(bytes);
  return frame !== undefined && (frame.components === 1 || frame.components === 3) && frame.width * frame.height <= maxPixels
    ? frame
    : undefined;
}

/** Tells whether jpeg-turbo found the file whole; of a damaged one it decodes what it can. */
async function decompress(turbo: JpegTurboModule, bytes: Uint8Array, memory: Buffer): Promise<boolean> {
  try {
    await turbo.decompress(asBuffer(bytes), memory, { format: turbo.FORMAT_RGB });
    return true;
  } catch {
    return false;
  }
}

/**
 * Decodes a damaged file as TensorFlow does: with the same method, as far as it goes. jpeg-turbo does not say what is wrong, so sharp tells
 * whether the file can be decoded at all, and two decodings into different memory tell whether every pixel was reached.
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

/** libjpeg-turbo as WebAssembly. */
function openCodec(): Promise<JPEGDecoder> {
  opening ??= import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs').then(async ({ default: open }) => {
    const { JPEGDecoder } = await open();
    return new JPEGDecoder();
  });
  return opening;
}

/** Codecs that threw, which leaves their stack as it was: they are not entered again. */
const spoilt = new WeakSet<JPEGDecoder>();

/** Runs without waiting, for the codec's memory is the next picture's, too. */
async function onCodec<T>(run: (codec: JPEGDecoder) => T): Promise<T> {
  for (;;) {
    const codec = await openCodec();
    // Another picture may have spoilt it since it was opened.
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

/** Memory is taken only for what the header promises. */
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
    // A Buffer's slice would be no copy.
    return new Uint8Array(scratch.buffer, scratch.byteOffset, size);
  } catch {
    return undefined;
  }
}

/** The EXIF orientation, 1 to 8. Most images of datasets have no EXIF data; sharp reads that of the others. */
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
