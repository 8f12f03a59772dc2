// Decodes image files with sharp. Formats that sharp cannot read (BMP, Netpbm) or reads differently from TensorFlow (CMYK) have decoders of
// their own in this folder.

import { fileURLToPath } from 'node:url';
import type { Sharp, SharpOptions } from 'sharp';
import { checkOptions, either, instanceOf, check, invalid, oneOf, positiveInteger, rule, text } from '../../core/internal.js';
import { DataError, MissingPackageError } from '../../core/index.js';
import { sides, size as sizeRule } from '../../image/internal.js';
import type { Pixels, Size } from '../../image/index.js';
import { decodeBmp, isBmp } from './decodeBmp.js';
import { decodeCmyk } from './decodeCmyk.js';
import { decodeJpeg } from './decodeJpeg.js';
import { decodePnm, isPnm } from './decodePnm.js';
import { cannotDecode, fileKind, type FileKind } from './fileKind.js';
import { loadSharp, type SharpModule } from './loadSharp.js';
import { readRegularFile, refuseWebAddress, systemReason } from '../files/internal.js';

/** How an image is decoded. */
export interface DecodeImageOptions {
  /**
   * The color behind transparent pixels: any CSS color. TensorFlow, Keras and Pillow ignore transparency instead.
   * @defaultValue 'white'
   */
  readonly background?: string | undefined;
  /** Images with more pixels are refused before memory is allocated for them. @defaultValue 200,000,000 */
  readonly maxPixels?: number | undefined;
  /**
   * How JPEGs are decoded. 'accurate' equals TensorFlow's `INTEGER_ACCURATE`. 'fast' equals the default of TensorFlow and Keras, takes a
   * fraction of the time, and needs the package @julusian/jpeg-turbo. A JPEG that the fast method cannot decode is an error. CMYK JPEGs and
   * other formats are not affected. @defaultValue 'accurate'
   */
  readonly dctMethod?: 'accurate' | 'fast' | undefined;
  /**
   * Resizes to this size with sharp, which shrinks a JPEG while it decodes. This is fast, but the pixels differ from those of other
   * frameworks.
   * @defaultValue the size of the file
   */
  readonly size?: Size | undefined;
  /** How an image of other proportions is resized to `size`. @defaultValue 'stretch' */
  readonly fit?: 'stretch' | 'crop' | 'pad' | undefined;
  /** The name of the image in errors. @defaultValue the path, or 'bytes' */
  readonly origin?: string | undefined;
}

export const MAX_PIXELS = 200_000_000;

export const DCT_METHODS = oneOf('accurate', 'fast');

/** The names that sharp uses for the values of `fit`. */
const FITS = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;

const source = either(
  text,
  either(
    instanceOf(Uint8Array, 'bytes'),
    rule<URL>('a file URL', (value) => value instanceof URL && pathOfUrl(value) !== undefined),
  ),
);

/**
 * Decodes a JPEG, PNG, WebP, AVIF, GIF (first frame), TIFF, BMP or Netpbm image to RGB, and applies its EXIF orientation.
 *
 * Gray, palette, 16-bit and CMYK images become 8-bit RGB. Embedded color profiles are not applied, as in TensorFlow, Keras and PyTorch.
 * The pixels of a JPEG, CMYK included, equal TensorFlow's with `dct_method='INTEGER_ACCURATE'`. With `dctMethod: 'fast'` they equal
 * TensorFlow's default. The pixels of a BMP equal Pillow's.
 *
 * @param image - A path, a file URL, or the bytes of a file.
 * @returns Uint8 pixels `[height, width, 3]`.
 * @throws {OptionError} when `image` is none of these, or an option is unknown or has a wrong value.
 * @throws {DataError} when the file is missing, truncated, too large, or of a kind that cannot be decoded. The message names the file and,
 *   where possible, a remedy.
 * @throws {MissingPackageError} when sharp is not installed, or jpeg-turbo with `dctMethod: 'fast'`.
 * @example
 * const photo = await decodeImage('panda.jpg');
 * const input = resize(photo, 224);
 */
export async function decodeImage(image: string | URL | Uint8Array, options: DecodeImageOptions = {}): Promise<Pixels> {
  refuseWebAddress('decodeImage', 'image', image);
  check('decodeImage', 'image', image, source);
  const rules = {
    background: text,
    maxPixels: positiveInteger,
    dctMethod: DCT_METHODS,
    size: sizeRule,
    fit: oneOf('stretch', 'crop', 'pad'),
    origin: text,
  };
  const {
    background = 'white',
    maxPixels = MAX_PIXELS,
    dctMethod = 'accurate',
    size,
    fit = 'stretch',
    origin,
  } = checkOptions('decodeImage', options, rules);
  if (dctMethod === 'fast' && size !== undefined)
    throw invalid('decodeImage', 'dctMethod', "'accurate' with size", dctMethod, 'Resize afterwards.');
  if (fit !== 'stretch' && size === undefined)
    throw invalid('decodeImage', 'fit', 'nothing without `size`', fit, 'The image keeps its own size without it.');
  const sharp = await loadSharp('decodeImage');
  checkBackground(sharp, background);
  const input = image instanceof URL ? (pathOfUrl(image) as string) : image;
  const name = origin ?? (typeof input === 'string' ? input : 'bytes');
  // sharp takes half a millisecond more for a path.
  const bytes = typeof input === 'string' ? await readRegularFile(input).catch(unreadable(name)) : input;
  let kind: FileKind | undefined;
  try {
    if (bytes.length === 0) throw new Error('it is empty');
    kind = fileKind(bytes, name);
    if (kind?.refused === true) throw new Error(kind.reason);
    if (dctMethod === 'fast') {
      const pixels = await decodeJpeg(bytes, maxPixels);
      if (pixels !== undefined) return pixels;
    }
    const reading: SharpOptions = { failOn: 'error', limitInputPixels: maxPixels, ignoreIcc: true, autoOrient: true };
    const decoded = isBmp(bytes)
      ? decodeBmp(bytes, maxPixels)
      : isPnm(bytes)
        ? decodePnm(bytes, maxPixels)
        : await decodeCmyk(sharp, bytes, reading);
    if (decoded?.channels === 3 && size === undefined) return decoded;
    const file = decoded === undefined ? sharp(bytes, reading) : fromPixels(sharp, decoded);
    const sized = size === undefined ? file : file.resize(sides(size)[1], sides(size)[0], { fit: FITS[fit], background: 'black' });
    const { data, info } = await sized
      .toColorspace('srgb')
      .flatten({ background })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      channels: info.channels,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (cause) {
    if (cause instanceof MissingPackageError) throw cause;
    const reason = cannotDecode(kind, sharp) ?? firstLine(systemReason(cause));
    throw new DataError(`decodeImage: expected a readable image of at most ${maxPixels} pixels, received '${name}': ${reason}.`, {
      cause,
      origin: name,
    });
  }
}

function unreadable(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new DataError(`decodeImage: expected an image file, received '${name}': ${firstLine(systemReason(cause))}.`, {
      cause,
      origin: name,
    });
  };
}

/** The path of a file URL. `undefined` for other URLs, and for files on another machine. */
function pathOfUrl(url: URL): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

const colors = new Set<string>();

/** Checks the color before a file is read. sharp itself would check it only for images with transparency. */
function checkBackground(sharp: SharpModule, background: string): void {
  if (colors.has(background)) return;
  try {
    sharp({ create: { width: 1, height: 1, channels: 3, background } });
  } catch {
    throw invalid('decodeImage', 'background', 'a CSS color', background);
  }
  colors.add(background);
}

function fromPixels(sharp: SharpModule, { width, height, channels, data }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: channels as 3 | 4 } });
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/\.$/, '');
}
