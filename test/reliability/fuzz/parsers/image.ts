// Images: JPEG and PNG as written here, WebP, GIF and TIFF beside them, and the formats that this library decodes itself.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { decodeImage, encodeImage } from '../../../../src/node/images/index.js';
import { expectRight, type Parser } from '../parser.js';

export const parser: Parser = {
  async files() {
    const pixels = { width: 24, height: 17, channels: 3, data: Uint8Array.from({ length: 24 * 17 * 3 }, (_, i) => (i * 37) % 256) };
    const raw = sharp(pixels.data, { raw: { width: 24, height: 17, channels: 3 } });
    const others = await Promise.all([
      raw.clone().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
      raw.clone().png({ palette: true }).toBuffer(),
      raw.clone().webp().toBuffer(),
      raw.clone().gif().toBuffer(),
      raw.clone().tiff().toBuffer(),
      raw.clone().greyscale().toColorspace('b-w').png().toBuffer(),
    ]);
    const { cases } = JSON.parse(readFileSync('test/fixtures/node/formats.json', 'utf8')) as {
      cases: readonly { name: string; bytes: string }[];
    };
    const own = cases
      .filter(({ name }) => /^(bmp|p[bgp]m|jpeg cmyk|jpeg ycck)/.test(name))
      .map(({ bytes }) => Buffer.from(bytes, 'base64'));
    return [
      await encodeImage(pixels, { format: 'jpeg' }),
      await encodeImage(pixels),
      ...[...others, ...own].map((bytes) => new Uint8Array(bytes)),
    ];
  },
  inputs: fc
    .tuple(
      fc.constantFrom(
        '\xff\xd8\xff\xe0',
        '\x89PNG\r\n\x1a\n',
        'GIF89a',
        'RIFF\x40\0\0\0WEBP',
        'II*\0',
        'BM',
        'P6 ',
        'P1\n',
        '<svg width="9" height="9">',
        '',
      ),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([magic, rest]) => new Uint8Array(Buffer.concat([Buffer.from(magic, 'latin1'), rest]))),
  async read(bytes) {
    const { width, height, channels, data } = await decodeImage(bytes);
    expectRight(channels === 3 && width > 0 && height > 0 && data.length === width * height * channels, 'RGB of its size');
  },
};
