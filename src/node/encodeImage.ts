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

/** Encodes a picture as PNG or JPEG; floats are rounded to 8 bits. */
export async function encodeImage(pixels: Pixels, options: EncodeImageOptions = {}): Promise<Uint8Array> {
  checkPixels('encodeImage', pixels);
  const { format = 'png', quality = 90 } = checkOptions('encodeImage', options, { format: oneOf('png', 'jpeg'), quality: percent });
  const sharp = await loadSharp();
  const { width, height, channels } = pixels;
  const bytes = pixels.data instanceof Float32Array ? new Uint8ClampedArray(pixels.data) : pixels.data;
  const raw = sharp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), { raw: { width, height, channels: channels as 1 | 3 } });
  return (format === 'png' ? raw.png() : raw.jpeg({ quality })).toBuffer();
}

/** Encodes each picture as a JPEG of random quality and decodes it again, so that a model learns to bear artefacts. */
export function randomJpegQuality(range: readonly [low: number, high: number] = [50, 95]): Transform {
  const [low, high] = range;
  check('randomJpegQuality', 'range', low, percent);
  check('randomJpegQuality', 'range', high, percent);
  return transformWithSpec(['randomJpegQuality', range], 'kept', `JPEG of quality ${low} to ${high}`, async (pixels, random) => {
    const quality = low + random.integer(high - low + 1);
    return decodeImage(await encodeImage(pixels, { format: 'jpeg', quality }));
  });
}

/** How a contact sheet looks. */
export interface ContactSheetOptions {
  /** Examples in a row. @defaultValue 6 */
  readonly columns?: number | undefined;
  /** Rows. @defaultValue 4 */
  readonly rows?: number | undefined;
  /** Side of each example in pixels. @defaultValue 160 */
  readonly tile?: number | undefined;
  /** @defaultValue 0 */
  readonly seed?: number | undefined;
}

/**
 * Writes a PNG of what a recipe makes of one picture: the picture itself first, then examples.
 *
 * @example
 * await contactSheet(await decodeImage('dress.jpg'), trainAugmentation('imagenet', 224), 'recipe.png');
 */
export async function contactSheet(pixels: Pixels, transform: Transform, file: string, options: ContactSheetOptions = {}): Promise<void> {
  checkPixels('contactSheet', pixels);
  check('contactSheet', 'file', file, text);
  const rules = { columns: positiveInteger, rows: positiveInteger, tile: positiveInteger, seed: seedRule };
  const { columns = 6, rows = 4, tile = 160, seed = 0 } = checkOptions('contactSheet', options, rules);
  const gap = 4;
  const [width, height] = [columns * (tile + gap) + gap, rows * (tile + gap) + gap];
  const sheet = { width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(255) };
  for (let i = 0; i < columns * rows; i++) {
    const example = i === 0 ? pixels : await transform.apply(pixels, createRandom(deriveSeed(seed, 'sheet', i)));
    const small = new Uint8ClampedArray(resize(example, tile, { antialias: true }).data);
    const left = gap + (i % columns) * (tile + gap);
    const top = gap + Math.floor(i / columns) * (tile + gap);
    for (let y = 0; y < tile; y++) sheet.data.set(small.subarray(y * tile * 3, (y + 1) * tile * 3), ((top + y) * width + left) * 3);
  }
  await writeFile(`${file}.partial`, await encodeImage(sheet));
  await rename(`${file}.partial`, file);
}
