// Plain JPEGs without sharp, by libjpeg-turbo: with its fast transform, TensorFlow's and Keras' default, or on the thread that asks.
// Whatever is not an upright grey or colour JPEG without fault is left to sharp.

import type { FrameInfo, JPEGDecoder } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import type * as JpegTurbo from '@julusian/jpeg-turbo';
import { BackendError } from '../core/index.js';
import type { Pixels } from '../image/index.js';
import { loadSharp } from './loadSharp.js';

/** A thread keeps the memory of its largest picture; larger ones are sharp's. */
const LENT_PIXELS = 2 ** 24;

/**
 * Decodes with the fast transform on Node's threads; `undefined` for what is left to sharp.
 *
 * @throws {BackendError} when jpeg-turbo is not installed.
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | undefined> {
  const turbo = await loadJpegTurbo();
  if (!(await isUprightJpeg(bytes))) return undefined;
  const header = await onCodec((codec) => readHeader(codec, bytes, maxPixels));
  if (header === undefined) return undefined;
  const { width, height } = header;
  try {
    // Memory of its own: what the package would take is filled with zeros on this thread.
    const { data } = await turbo.decompress(asBuffer(bytes), Buffer.allocUnsafeSlow(3 * width * height), { format: turbo.FORMAT_RGB });
    return { width, height, channels: 3, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch {
    return undefined;
  }
}

/**
 * Decodes on this thread, in a fraction of the processor time that sharp's threads take, and lends the pixels to `use`, whose result is another's memory;
 * `undefined` for what is left to sharp.
 *
 * @throws {BackendError} when jpeg-turbo is not installed, with the method 'fast'.
 */
export async function useJpeg<T>(bytes: Uint8Array, method: 'accurate' | 'fast', maxPixels: number, use: (lent: Pixels) => T): Promise<T | undefined> {
  const turbo = method === 'fast' ? await loadJpegTurbo() : undefined;
  if (!(await isUprightJpeg(bytes))) return undefined;
  return onCodec((codec) => {
    const header = readHeader(codec, bytes, Math.min(maxPixels, LENT_PIXELS));
    if (header === undefined) return undefined;
    const { width, height } = header;
    const data = turbo === undefined ? decodeAccurately(codec, header) : decodeFast(turbo, bytes, 3 * width * height);
    return data === undefined ? undefined : use({ width, height, channels: 3, data });
  });
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

/** Most pictures of datasets have no EXIF; sharp reads that of the others. */
async function isUprightJpeg(bytes: Uint8Array): Promise<boolean> {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  if (!asBuffer(bytes).includes('Exif\0')) return true;
  const sharp = await loadSharp();
  return sharp(bytes).metadata().then(
    ({ orientation = 1 }) => orientation === 1,
    () => false,
  );
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

type JpegTurboModule = Pick<typeof JpegTurbo, 'decompress' | 'decompressSync' | 'FORMAT_RGB'>;

let loading: Promise<JpegTurboModule> | undefined;

function loadJpegTurbo(): Promise<JpegTurboModule> {
  loading ??= import('@julusian/jpeg-turbo').then(
    (module) => module.default,
    (cause: unknown) => {
      loading = undefined;
      const wanted = "decodeImage: expected the package @julusian/jpeg-turbo for dctMethod 'fast', and it could not be loaded.";
      throw new BackendError(`${wanted} Run \`npm install @julusian/jpeg-turbo\`.`, { cause });
    },
  );
  return loading;
}
