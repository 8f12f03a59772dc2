// Pixels to files: encoding, and contact sheets that show what a recipe does.

import { rename, writeFile } from 'node:fs/promises';
import { check, checkOptions, createRandom, deriveSeed, oneOf, positiveInteger, rule, seed as seedRule, text } from '../core/index.js';
import { checkPixels, resize, transformWithSpec, type Pixels, type Transform } from '../image/index.js';
import { decodeImage } from './decodeImage.js';
import { loadSharp } from './loadSharp.js';

/** How a picture is encoded. */
export interface EncodeImageOptions {
  /** @defaultValue 'png' */
  readonly format?: 'png' | 'jpeg' | undefined;
  /** Of a JPEG, 1 to 100. @defaultValue 90 */
  readonly quality?: number | undefined;
}

const percent = rule<number>('an integer in [1, 100]', (value) => positiveInteger.accepts(value) && value <= 100);

/**
 * Encodes an image as PNG or JPEG; floats are rounded to 8 bits.
 *
 * @throws {MissingPackageError} when sharp is not installed.
 */
export async function encodeImage(image: Pixels, options: EncodeImageOptions = {}): Promise<Uint8Array> {
  checkPixels('encodeImage', image);
  const { format = 'png', quality = 90 } = checkOptions('encodeImage', options, { format: oneOf('png', 'jpeg'), quality: percent });
  const sharp = await loadSharp('encodeImage');
  const { width, height, channels } = image;
  const bytes = image.data instanceof Float32Array ? new Uint8ClampedArray(image.data) : image.data;
  const raw = sharp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), { raw: { width, height, channels: channels as 1 | 3 } });
  return (format === 'png' ? raw.png() : raw.jpeg({ quality })).toBuffer();
}

/** Encodes each image as a JPEG of random quality and decodes it again, so that a model learns to cope with compression artifacts. */
export function randomJpegQuality(range: readonly [low: number, high: number] = [50, 95]): Transform {
  const [low, high] = range;
  check('randomJpegQuality', 'range', low, percent);
  check('randomJpegQuality', 'range', high, percent);
  return transformWithSpec(['randomJpegQuality', range], 'kept', `JPEG of quality ${low} to ${high}`, async (pixels, random) => {
    const quality = low + random.integer(high - low + 1);
    return decodeImage(await encodeImage(pixels, { format: 'jpeg', quality }));
  });
}

/** Options of {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Examples in a row. @defaultValue 6 */
  readonly columns?: number | undefined;
  /** Rows. @defaultValue 4 */
  readonly rows?: number | undefined;
  /** Side of each example in pixels. @defaultValue 160 */
  readonly size?: number | undefined;
  /** @defaultValue 0 */
  readonly seed?: number | undefined;
}

/**
 * Writes a PNG that shows what a transform does to one image: first the image itself, then examples.
 *
 * @example
 * await contactSheet(await decodeImage('dress.jpg'), trainAugmentation('imagenet', 224), 'recipe.png');
 */
export async function contactSheet(image: Pixels, transform: Transform, file: string, options: ContactSheetOptions = {}): Promise<void> {
  checkPixels('contactSheet', image);
  check('contactSheet', 'file', file, text);
  const rules = { columns: positiveInteger, rows: positiveInteger, size: positiveInteger, seed: seedRule };
  const { columns = 6, rows = 4, size = 160, seed = 0 } = checkOptions('contactSheet', options, rules);
  const gap = 4;
  const [width, height] = [columns * (size + gap) + gap, rows * (size + gap) + gap];
  const sheet = { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
  for (let i = 0; i < columns * rows; i++) {
    const example = i === 0 ? image : await transform.apply(image, createRandom(deriveSeed(seed, 'sheet', i)));
    const small = new Uint8ClampedArray(resize(example, size, { antialias: true }).data);
    const left = gap + (i % columns) * (size + gap);
    const top = gap + Math.floor(i / columns) * (size + gap);
    for (let y = 0; y < size; y++) sheet.data.set(small.subarray(y * size * 3, (y + 1) * size * 3), ((top + y) * width + left) * 3);
  }
  await writeFile(`${file}.partial`, await encodeImage(sheet));
  await rename(`${file}.partial`, file);
}
