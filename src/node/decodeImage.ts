// Image files and bytes to pixels, with sharp. Decodes at full size unless asked; resizing is in image/, where it equals TensorFlow's.

import { readFile } from 'node:fs/promises';
import { BackendError, checkOptions, DataError, either, instanceOf, check, invalid, oneOf, positiveInteger, rule, text } from '../core/index.js';
import { sides, size as sizeRule, type Fit, type Pixels, type Size } from '../image/index.js';
import { decodeJpeg } from './decodeJpeg.js';
import { loadSharp } from './loadSharp.js';

/** How a picture is decoded. */
export interface DecodeOptions {
  /** What shows through transparent pixels: any CSS colour. @defaultValue 'white' */
  readonly background?: string;
  /** Pictures with more pixels are refused before memory is taken for them. @defaultValue 200,000,000 */
  readonly maxPixels?: number;
  /**
   * 'accurate' equals TensorFlow's `INTEGER_ACCURATE`; 'fast' is TensorFlow's and Keras' default and takes a fraction of the time, with the
   * package @julusian/jpeg-turbo. JPEGs in CMYK or turned by EXIF, and other formats, are decoded alike by both. @defaultValue 'accurate'
   */
  readonly dctMethod?: 'accurate' | 'fast';
  /** Decodes straight to this size with sharp's resizing, which shrinks a JPEG while it decodes: fast, and equal to no other framework. @defaultValue the size of the file */
  readonly size?: Size;
  /** How a picture comes to `size`. @defaultValue 'stretch' */
  readonly fit?: Fit;
  /** Name of the bytes in errors. @defaultValue the path, or 'bytes' */
  readonly origin?: string;
}

export const MAX_PIXELS = 200_000_000;

export const DCT_METHODS = oneOf('accurate', 'fast');

/** sharp's names. */
const FITS = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;

const source = either(text, either(instanceOf(Uint8Array, 'bytes'), rule<URL>('a file URL', (value) => value instanceof URL && value.protocol === 'file:')));

/**
 * Decodes a JPEG, PNG, WebP, AVIF, GIF (first frame) or TIFF to RGB, upright as its EXIF orientation says.
 *
 * Grey, palette, 16-bit and CMYK pictures become 8-bit RGB. Embedded RGB colour profiles are not applied, as in TensorFlow, Keras and
 * PyTorch; JPEG equals TensorFlow's with `dct_method='INTEGER_ACCURATE'`, or its default with `dctMethod: 'fast'`.
 *
 * @param image - A path, a file URL, or the bytes of a file.
 * @returns Uint8 pixels `[height, width, 3]`.
 * @throws {DataError} naming the file, when it is missing, truncated, no picture, a drawing (SVG), or too large.
 * @throws {BackendError} when sharp is not installed, or with `dctMethod: 'fast'` jpeg-turbo.
 * @example
 * const photo = await decodeImage('panda.jpg');
 * const input = resize(photo, 224);
 */
export async function decodeImage(image: string | URL | Uint8Array, options: DecodeOptions = {}): Promise<Pixels> {
  check('decodeImage', 'image', image, source);
  const rules = { background: text, maxPixels: positiveInteger, dctMethod: DCT_METHODS, size: sizeRule, fit: oneOf('stretch', 'crop', 'pad'), origin: text };
  const { background = 'white', maxPixels = MAX_PIXELS, dctMethod = 'accurate', size, fit = 'stretch', origin } = checkOptions('decodeImage', options, rules);
  if (dctMethod === 'fast' && size !== undefined) throw invalid('decodeImage', 'dctMethod', "'accurate' with size", dctMethod, 'Resize afterwards.');
  const sharp = await loadSharp();
  const input = image instanceof URL ? decodeURIComponent(image.pathname) : image;
  const name = origin ?? (typeof input === 'string' ? input : 'bytes');
  try {
    // sharp takes half a millisecond more for a path.
    const bytes = typeof input === 'string' ? await readFile(input) : input;
    if (isMarkup(bytes)) throw new Error('it is SVG or other markup, a drawing without pixels. Draw it with a tool of your trust first');
    if (dctMethod === 'fast') {
      const pixels = await decodeJpeg(bytes, maxPixels);
      if (pixels !== undefined) return pixels;
    }
    const file = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, ignoreIcc: true, autoOrient: true });
    const sized = size === undefined ? file : file.resize(sides(size)[1], sides(size)[0], { fit: FITS[fit], background: 'black' });
    const { data, info } = await sized
      .toColourspace('srgb')
      .flatten({ background })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (cause) {
    if (cause instanceof BackendError) throw cause;
    const reason = cause instanceof Error ? firstLine(cause.message) : String(cause);
    throw new DataError(`decodeImage: expected a readable picture of at most ${maxPixels} pixels, received '${name}': ${reason}.`, { cause, origin: name });
  }
}

/** SVG, plain or packed with gzip: no format of pixels begins like either. */
function isMarkup(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  return /^[\s\uFEFF]*</.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/\.$/, '');
}
