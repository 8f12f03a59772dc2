import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeImage } from '../../src/node/index.js';

interface Case {
  name: string;
  bytes: string;
  height: number;
  width: number;
  pixels: number[];
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/node/decode.json', import.meta.url), 'utf8')) as { cases: Case[] };

// libvips mixes transparency in float and rounds; CMYK goes through a colour profile instead of Pillow's plain subtraction.
const TOLERANCE: Readonly<Record<string, number>> = { pngAlpha: 1, jpegCmyk: 60 };

test.each(cases)('$name decodes to what TensorFlow or a viewer shows', async ({ name, bytes, height, width, pixels }) => {
  const decoded = await decodeImage(Buffer.from(bytes, 'base64'));
  expect([decoded.height, decoded.width, decoded.channels]).toEqual([height, width, 3]);
  expect(decoded.data).toBeAllclose(pixels, { tolerance: TOLERANCE[name] ?? 0 });
});
