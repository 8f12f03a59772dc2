import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { decodeImage } from '../../../src/node/images/index.js';

interface Case {
  name: string;
  bytes: string;
  height: number;
  width: number;
  pixels: number[];
  fast?: number[];
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/node/decode.json', import.meta.url), 'utf8')) as { cases: Case[] };

// libvips mixes transparency in float and rounds; Pillow rounds CMYK another way than TensorFlow, whose numbers formats.golden.test.ts
// checks.
const TOLERANCE: Readonly<Record<string, number>> = { pngAlpha: 1, jpegCmyk: 1 };

test.each(cases)('$name decodes to what TensorFlow or a viewer shows', async ({ name, bytes, height, width, pixels }) => {
  const decoded = await decodeImage(Buffer.from(bytes, 'base64'));
  expect([decoded.height, decoded.width, decoded.channels]).toEqual([height, width, 3]);
  expect(decoded.data).toBeAllclose(pixels, { tolerance: TOLERANCE[name] ?? 0 });
});

test.each(cases)(
  "$name decodes with dctMethod 'fast' as with TensorFlow's default, or as ever",
  async ({ name, bytes, pixels, fast = pixels }) => {
    const decoded = await decodeImage(Buffer.from(bytes, 'base64'), { dctMethod: 'fast' });
    expect(decoded.data).toBeAllclose(fast, { tolerance: TOLERANCE[name] ?? 0 });
  },
);

test("with dctMethod 'fast' a damaged and a too large JPEG are refused as without", async () => {
  const jpeg = Buffer.from(cases.find(({ name }) => name === 'jpeg420')!.bytes, 'base64');
  await expect(decodeImage(jpeg.subarray(0, 400), { dctMethod: 'fast' })).rejects.toThrow("received 'bytes'");
  await expect(decodeImage(jpeg, { dctMethod: 'fast', maxPixels: 100 })).rejects.toThrow('of at most 100 pixels');
  await expect(decodeImage(jpeg, { dctMethod: 'fast', size: 8 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: decodeImage: expected 'accurate' with size for \`dctMethod\`, received 'fast'. Resize afterwards.]`,
  );
});

test.each(['jpeg', 'png', 'webp'] as const)('a %s that ends in its middle is refused, not filled up with grey', async (format) => {
  const whole = await sharp(readFileSync('examples/data/photos/panda.jpg')).toFormat(format).toBuffer();
  await expect(decodeImage(whole.subarray(0, whole.length / 2), { origin: 'half' })).rejects.toThrow("received 'half'");
});

test("dctMethod 'fast' names its package where that cannot be loaded", async () => {
  vi.resetModules();
  vi.doMock('@julusian/jpeg-turbo', () => {
    throw new Error('not there');
  });
  const { decodeImage: decode } = await import('../../../src/node.js');
  await expect(decode(Buffer.from(cases[0]!.bytes, 'base64'), { dctMethod: 'fast' })).rejects.toMatchObject({
    name: 'MissingPackageError',
    package: '@julusian/jpeg-turbo',
  });
  vi.doUnmock('@julusian/jpeg-turbo');
});

test('a background that is no color is an error of the option, not of the image', async () => {
  await expect(decodeImage('no-such-file.jpg', { background: 'blueish' })).rejects.toThrow(
    "decodeImage: expected a CSS color for `background`, received 'blueish'.",
  );
});
