// JPEGs with libjpeg-turbo's fast transform: TensorFlow's and Keras' default. Whatever is not a plain JPEG is left to sharp.

import type * as JpegTurbo from '@julusian/jpeg-turbo';
import { BackendError } from '../core/index.js';
import type { Pixels } from '../image/index.js';
import { loadSharp } from './loadSharp.js';

/**
 * Decodes an upright grey or colour JPEG; `undefined` for any other picture, which includes damaged and too large ones.
 *
 * @throws {BackendError} when jpeg-turbo is not installed.
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Pixels | undefined> {
  const [sharp, turbo] = await Promise.all([loadSharp(), loadJpegTurbo()]);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  try {
    // Memory is taken only for what the header promises.
    const { width, height, channels, orientation = 1 } = await sharp(bytes).metadata();
    if (channels === 4 || orientation !== 1 || width * height > maxPixels) return undefined;
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // Memory of its own: what the package would take is filled with zeros on this thread.
    const { data } = await turbo.decompress(file, Buffer.allocUnsafeSlow(3 * width * height), { format: turbo.FORMAT_RGB });
    return { width, height, channels: 3, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch {
    return undefined;
  }
}

type Decoder = Pick<typeof JpegTurbo, 'decompress' | 'FORMAT_RGB'>;

let loading: Promise<Decoder> | undefined;

function loadJpegTurbo(): Promise<Decoder> {
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
