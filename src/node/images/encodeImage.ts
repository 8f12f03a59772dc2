// Encodes pixels as image files, and draws contact sheets that show what a transform does.

import path from 'node:path';
import {
  arrayOf,
  check,
  checkOptions,
  createRandom,
  deriveSeed,
  oneOf,
  positiveInteger,
  record,
  rule,
  seed as seedRule,
} from '../../core/internal.js';
import { OptionError } from '../../core/index.js';
import { checkFinitePixels, checkPixels, transformWithSpec } from '../../image/internal.js';
import { resize, type Pixels, type Transform } from '../../image/index.js';
import { decodeImage, MAX_PIXELS } from './decodeImage.js';
import { loadSharp } from './loadSharp.js';
import { makeWritableFolder, replaceFile, unwritable } from '../files/internal.js';

/** Options of {@link encodeImage}. */
export interface EncodeImageOptions {
  /** The format of the file. @defaultValue 'png' */
  readonly format?: 'png' | 'jpeg' | undefined;
  /** Quality of a JPEG, 1 to 100. @defaultValue 90 */
  readonly quality?: number | undefined;
}

const percent = rule<number>('an integer in [1, 100]', (value) => positiveInteger.accepts(value) && value <= 100);
const percentRange = rule<readonly [low: number, high: number]>(
  '[low, high] of integers in [1, 100]',
  (value) => arrayOf(percent, 2).accepts(value) && (value[0] as number) <= (value[1] as number),
);

/** The longest side that a JPEG can have. */
const LONGEST_SIDE = 65_535;

/**
 * Encodes an image as PNG or JPEG. Float values are rounded to integers in [0, 255].
 *
 * @throws {OptionError} when `image` is not an image of 1 to 4 channels, or an option is unknown or has a wrong value.
 * @throws {ShapeError} when the length of the image's data does not match its sides. {@link DataError} when a pixel is not finite.
 * @throws {MissingPackageError} when sharp is not installed.
 */
export async function encodeImage(image: Pixels, options: EncodeImageOptions = {}): Promise<Uint8Array> {
  checkPixels('encodeImage', image);
  const { format = 'png', quality = 90 } = checkOptions('encodeImage', options, { format: oneOf('png', 'jpeg'), quality: percent });
  const { width, height, channels } = image;
  if (channels > 4) throw new OptionError(`encodeImage: expected an image of 1 to 4 channels, received ${channels}.`);
  if (format === 'jpeg' && Math.max(width, height) > LONGEST_SIDE) {
    throw new OptionError(
      `encodeImage: expected sides of at most ${LONGEST_SIDE} pixels for a JPEG, received ${width} x ${height}. ` +
        `Resize the image, or set format: 'png'.`,
    );
  }
  checkFinitePixels('encodeImage', image);
  const sharp = await loadSharp('encodeImage');
  const bytes = image.data instanceof Float32Array ? new Uint8ClampedArray(image.data) : image.data;
  const raw = sharp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    raw: { width, height, channels: channels as 1 | 2 | 3 | 4 },
  });
  return (format === 'png' ? raw.png() : raw.jpeg({ quality })).toBuffer();
}

/**
 * Makes a transform that encodes each image as a JPEG of random quality and decodes it again, so that a model learns to cope with
 * compression artifacts.
 *
 * @param range - The lowest and the highest quality, 1 to 100.
 * @throws {OptionError} when `range` is not two integers in [1, 100], the lower first.
 */
export function randomJpegQuality(range: readonly [low: number, high: number] = [50, 95]): Transform {
  check('randomJpegQuality', 'range', range, percentRange);
  const [low, high] = range;
  return transformWithSpec(['randomJpegQuality', range], 'kept', `JPEG of quality ${low} to ${high}`, async (pixels, random) => {
    checkPixels('randomJpegQuality', pixels);
    const quality = low + random.integer(high - low + 1);
    return decodeImage(await encodeImage(pixels, { format: 'jpeg', quality }));
  });
}

/** Options of {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Examples per row. @defaultValue 6 */
  readonly columns?: number | undefined;
  /** Number of rows. @defaultValue 4 */
  readonly rows?: number | undefined;
  /** Side of each example in pixels. @defaultValue 160 */
  readonly size?: number | undefined;
  /** Seed of the transform. @defaultValue 0 */
  readonly seed?: number | undefined;
}

// A function also has a method named `apply`, so `describe` is checked as well.
const transformRule = rule<Transform>(
  'a transform, such as randomFlip() makes,',
  (value) =>
    record.accepts(value) && typeof (value as Transform).apply === 'function' && typeof (value as Transform).describe === 'function',
);

const sheetFile = rule<string>(
  "a name that ends in '.png', '.jpg' or '.jpeg'",
  (value) => typeof value === 'string' && /\.(?:png|jpe?g)$/i.test(value),
);

/**
 * Writes an image file that shows what a transform does to one image: first the image itself, then examples. Missing folders are created.
 *
 * @param file - Path of the file. Its extension determines the format: `.png`, `.jpg` or `.jpeg`.
 * @throws {OptionError} when `image` is not an image, `transform` is not a transform, the file has another extension, the sheet would be
 *   too large, or an option is unknown or has a wrong value.
 * @throws {DataError} when the file cannot be written.
 * @throws {MissingPackageError} when sharp is not installed.
 * @example
 * await contactSheet(await decodeImage('dress.jpg'), trainAugmentation('imagenet', 224), 'recipe.png');
 */
export async function contactSheet(image: Pixels, transform: Transform, file: string, options: ContactSheetOptions = {}): Promise<void> {
  const where = 'contactSheet';
  checkPixels(where, image);
  check(where, 'transform', transform, transformRule);
  check(where, 'file', file, sheetFile);
  const rules = { columns: positiveInteger, rows: positiveInteger, size: positiveInteger, seed: seedRule };
  const { columns = 6, rows = 4, size = 160, seed = 0 } = checkOptions(where, options, rules);
  const gap = 4;
  const [width, height] = [columns * (size + gap) + gap, rows * (size + gap) + gap];
  if (width * height > MAX_PIXELS) {
    throw new OptionError(
      `${where}: expected a sheet of at most ${MAX_PIXELS} pixels, received ${width} x ${height}. Lower \`columns\`, \`rows\` or \`size\`.`,
    );
  }
  const fail = unwritable(where, 'file', file);
  await makeWritableFolder(path.dirname(file)).catch(fail);
  const sheet = { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
  for (let i = 0; i < columns * rows; i++) {
    const example = i === 0 ? image : await transform.apply(image, createRandom(deriveSeed(seed, 'sheet', i)));
    checkPixels(where, example);
    const small = new Uint8ClampedArray(resize(example, size, { antialias: true }).data);
    const left = gap + (i % columns) * (size + gap);
    const top = gap + Math.floor(i / columns) * (size + gap);
    for (let y = 0; y < size; y++) sheet.data.set(small.subarray(y * size * 3, (y + 1) * size * 3), ((top + y) * width + left) * 3);
  }
  await replaceFile(file, await encodeImage(sheet, { format: /\.png$/i.test(file) ? 'png' : 'jpeg' })).catch(fail);
}
