import sharp from 'sharp';
import { expect, test } from 'vitest';
import { cannotDecode, fileKind } from '../../../src/node/images/fileKind.js';
import type { SharpModule } from '../../../src/node/images/loadSharp.js';

const box = (brand: string, compatible = ''): Uint8Array => Buffer.from(`\0\0\0\x20ftyp${brand}\0\0\0\0${compatible}`, 'latin1');

/** A sharp that decodes these formats of libheif. */
const builtWith = (...fileSuffix: string[]): SharpModule => ({ format: { heif: { input: { fileSuffix } } } }) as unknown as SharpModule;

test.each([
  ['heic', 'HEIC (HEVC)'],
  ['heix', 'HEIC (HEVC)'],
  ['hevc', 'HEIC (HEVC)'],
  ['mif1', 'HEIC (HEVC)'],
  ['avif', 'AVIF'],
  ['avis', 'AVIF'],
  ['isom', 'a video'],
  ['qt  ', 'a video'],
  ['crx ', 'a raw camera file'],
])('the brand %s is %s', (brand, name) => {
  expect(fileKind(box(brand))?.name).toBe(name);
});

test('the brand mif1 beside avif is AVIF', () => {
  expect(fileKind(box('mif1', 'mif1avifmiaf'))?.name).toBe('AVIF');
});

test('what this installation encodes is known by its content, whatever it is called', async () => {
  const image = sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } });
  const kinds = { jpeg: 'JPEG', png: 'PNG', gif: 'GIF', webp: 'WebP', tiff: 'TIFF', avif: 'AVIF' } as const;
  for (const [format, name] of Object.entries(kinds)) {
    const kind = fileKind(
      await image
        .clone()
        .toFormat(format as keyof typeof kinds)
        .toBuffer(),
      'image.txt',
    );
    expect([kind?.name, cannotDecode(kind, sharp)]).toEqual([name, undefined]);
  }
});

test('a raw camera file that begins as TIFF is known by its ending, for its first image is a thumbnail', () => {
  const tiff = Buffer.from('MM\0*\0\0\0\x08', 'latin1');
  expect(fileKind(tiff, 'photos/1.DNG')?.name).toBe('a raw camera file');
  expect(fileKind(tiff, 'photos/1.tif')?.name).toBe('TIFF');
  expect(fileKind(tiff)?.name).toBe('TIFF');
});

test('AVIF and HEIC can be decoded or not as sharp was built, and the error says what is missing', () => {
  const [heic, avif] = [fileKind(box('heic')), fileKind(box('avif'))];
  expect(cannotDecode(heic, builtWith('.avif'))).toMatch(/^HEIC \(HEVC\) needs a sharp built with libheif and HEVC/);
  expect(cannotDecode(heic, builtWith('.heic', '.heif', '.avif'))).toBeUndefined();
  expect(cannotDecode(avif, builtWith('.avif'))).toBeUndefined();
  expect(cannotDecode(avif, builtWith())).toBe('AVIF needs a sharp built with libheif and AV1, as `npm install sharp` brings it');
});

test.each([
  ['\xef\xbb\xbf\n<!DOCTYPE html>', 'an HTML page'],
  ['<svg>', 'SVG or other markup, a drawing without pixels'],
  ['\x1f\x8b\x08', 'a compressed file'],
  ['PK\x03\x04', 'a zip archive'],
  ['{"message": "Not Found"}', 'JSON'],
  ['version https://git-lfs.github.com/spec/v1', 'a Git LFS pointer'],
  ['%PDF-1.4', 'a PDF document'],
])('%s holds no pixels: %s', (beginning, name) => {
  expect(fileKind(Buffer.from(beginning, 'latin1'))).toMatchObject({ name, refused: true });
});

test.each(['', 'what is this', '\xff\xd8', 'P9 1 1', '\0\0\0\0\0\0\0\0'])('nothing is claimed of %j', (beginning) => {
  expect(fileKind(Buffer.from(beginning, 'latin1'))).toBeUndefined();
});
