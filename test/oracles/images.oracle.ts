// Every image of the test suites of Pillow and sharp: decoded here, in a thread, by TensorFlow and by Pillow.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pixels } from '../../src/image/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { readImageHere } from '../../src/node/images/readImage.js';

interface Reference {
  readonly height: number;
  readonly width: number;
  readonly file: string;
}
interface Entry {
  readonly mode?: string;
  readonly tensorflow?: Reference;
  readonly fast?: Reference;
  readonly pillow?: Reference;
}

let folder = '';
let files: (readonly [file: string, entry: Entry])[] = [];

beforeAll(() => {
  const { ORACLE_KERAS_PYTHON: python, ORACLE_IMAGES: images } = process.env;
  if (python === undefined || images === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  folder = mkdtempSync(path.join(tmpdir(), 'effnet-oracle-'));
  execFileSync(python, [fileURLToPath(new URL('images.py', import.meta.url)), folder, ...images.split(':')], { stdio: 'ignore' });
  files = Object.entries(JSON.parse(readFileSync(path.join(folder, 'index.json'), 'utf8')) as Record<string, Entry>);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Highest and mean difference, or why there is none. */
function difference(pixels: Pixels | Error, reference: Reference): { readonly most: number; readonly mean: number } | string {
  if (pixels instanceof Error) return pixels.message.replace(/^.*received '[^']*': /, '');
  if (pixels.height !== reference.height || pixels.width !== reference.width)
    return `${pixels.height} x ${pixels.width} for ${reference.height} x ${reference.width}`;
  const expected = readFileSync(path.join(folder, reference.file));
  let [most, sum] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs((expected[i] as number) - (pixels.data[i] as number));
    most = Math.max(most, off);
    sum += off;
  }
  return { most, mean: sum / expected.length };
}

const decoded = (file: string, dctMethod: 'accurate' | 'fast'): Promise<Pixels | Error> =>
  decodeImage(file, { dctMethod }).catch((error: unknown) => error as Error);

test('every JPEG that TensorFlow decodes has its pixels with both methods; in CMYK with one', async () => {
  const wrong: unknown[] = [];
  let compared = 0;
  for (const [file, { mode, tensorflow, fast }] of files) {
    if (tensorflow === undefined || fast === undefined) continue;
    compared++;
    const accurate = difference(await decoded(file, 'accurate'), tensorflow);
    if (typeof accurate === 'string' || accurate.most > 0) wrong.push([file, 'accurate', accurate]);
    if (mode === 'CMYK') continue;
    const rough = difference(await decoded(file, 'fast'), fast);
    if (typeof rough === 'string' || rough.most > 0) wrong.push([file, 'fast', rough]);
  }
  console.log(`${compared} JPEGs compared with TensorFlow`);
  expect(compared).toBeGreaterThan(300);
  expect(wrong).toEqual([]);
});

/** What differs from Pillow, and why. */
const EXCEPTIONS: readonly (readonly [file: RegExp, why: string])[] = [
  [
    /hopper_lzma|old-style-jpeg|tiled_planar|separate_planar_extra|10ct_32bit|[Ll]ab(-green|-red)?\.tif$|crash-(0da013a1|74d2a784)/,
    'libvips does not decode this kind of TIFF: an error',
  ],
  [/8bit\.s\.tif$/, 'signed samples'],
  [
    /xmp_tags_orientation|exif_imagemagick_orientation/,
    'sharp reads the orientation from EXIF alone, Pillow also from XMP and from a text of ImageMagick',
  ],
  [/badrle\.bmp$|mmap_error\.bmp$/, 'damaged bitmaps'],
  [
    /16_?bit.*\.(pgm|tiff?)$|12in16bit|12bit\.cropped|uint16_1_4660|ifd_tag_type|imagedraw_rectangle_I|cmx3g8_wv|i_trns|hopper_16bit/,
    'Pillow cuts 16-bit gray at 255; the upper 8 bits are kept here, as in TensorFlow',
  ],
];

test('every other image has the pixels of Pillow, with 1 level for transparency and CMYK', async () => {
  const wrong: unknown[] = [];
  let compared = 0;
  for (const [file, { mode = '', pillow, tensorflow }] of files) {
    if (pillow === undefined || tensorflow !== undefined || EXCEPTIONS.some(([pattern]) => pattern.test(file))) continue;
    compared++;
    const found = difference(await decoded(file, 'accurate'), pillow);
    const isAvif = file.endsWith('.avif');
    if (typeof found === 'string' || (isAvif ? found.mean > 1.5 : found.most > (/A|P|CMYK|L/.test(mode) ? 1 : 0)))
      wrong.push([path.basename(file), mode, JSON.stringify(found)]);
  }
  console.log(`${compared} other images compared with Pillow`);
  expect(wrong).toEqual([]);
});

test('a thread gives the same pixels or the same error', async () => {
  const wrong: string[] = [];
  for (const [file] of files) {
    for (const dctMethod of ['accurate', 'fast'] as const) {
      const there = await readImageHere({ path: file, origin: file }, { decoding: { dctMethod } }).catch(
        (error: unknown) => error as Error,
      );
      const here = await decoded(file, dctMethod);
      const same =
        here instanceof Error
          ? there instanceof Error && there.message === here.message
          : !(there instanceof Error) && Buffer.compare(Buffer.from(here.data), Buffer.from(there.data)) === 0;
      if (!same) wrong.push(`${file} ${dctMethod}`);
    }
  }
  expect(wrong).toEqual([]);
});
