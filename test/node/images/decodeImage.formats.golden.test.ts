import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage } from '../../../src/node/images/index.js';
import { readImageHere } from '../../../src/node/images/readImage.js';

interface Case {
  readonly name: string;
  readonly bytes: string;
  readonly height: number;
  readonly width: number;
  readonly pixels: string;
  readonly fast?: string;
  readonly tolerance?: number;
}
const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/node/formats.json', import.meta.url), 'utf8')) as { cases: Case[] };
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
const named = (name: string): Buffer => bytesOf(cases.find((each) => each.name === name)!.bytes);

test.each(cases)(
  '$name decodes as in TensorFlow or Pillow, here and in a thread',
  async ({ bytes, height, width, pixels, tolerance = 0 }) => {
    const decoded = await decodeImage(bytesOf(bytes));
    expect([decoded.height, decoded.width, decoded.channels]).toEqual([height, width, 3]);
    expect(decoded.data).toBeAllclose([...bytesOf(pixels)], { tolerance });
    expect(await readImageHere({ bytes: bytesOf(bytes), origin: 'image' }, { decoding: {} })).toEqual(decoded);
  },
);

test.each(cases.filter(({ fast }) => fast !== undefined))(
  "$name decodes with dctMethod 'fast' as with TensorFlow's default, here and in a thread",
  async ({ bytes, pixels, fast }) => {
    expect(fast).not.toBe(pixels);
    const decoded = await decodeImage(bytesOf(bytes), { dctMethod: 'fast' });
    expect(Buffer.from(decoded.data)).toEqual(bytesOf(fast!));
    expect(await readImageHere({ bytes: bytesOf(bytes), origin: 'image' }, { decoding: { dctMethod: 'fast' } })).toEqual(decoded);
  },
);

test("a JPEG that the fast method cannot decode is an error with dctMethod 'fast', not another method's pixels", async () => {
  // Sampling factors of 1 x 1, 2 x 1 and 2 x 2, which the package has no name for.
  const odd = Buffer.from(named('jpeg orientation 1'));
  const frame = odd.indexOf(Buffer.from([0xff, 0xc0]));
  odd[frame + 14] = 0x12;
  await expect(decodeImage(odd)).resolves.toMatchObject({ width: 17, height: 13 });
  await expect(decodeImage(odd, { dctMethod: 'fast', origin: 'odd.jpg' })).rejects.toThrow(
    "received 'odd.jpg': jpeg-turbo cannot decode it with the fast method. Use dctMethod 'accurate'.",
  );
});

test("a truncated JPEG is refused with dctMethod 'fast', too", async () => {
  const bytes = named('jpeg progressive');
  await expect(decodeImage(bytes.subarray(0, bytes.length - 40), { dctMethod: 'fast', origin: 'cut.jpg' })).rejects.toThrow(
    "received 'cut.jpg': VipsJpeg: premature end of JPEG image.",
  );
});

test.each(['bmp 24 bits', 'bmp 32 bits with alpha', 'jpeg cmyk', 'ppm'])(
  '%s is resized while it is decoded where a size is given',
  async (name) => {
    const whole = await decodeImage(named(name), { background: '#102030' });
    const small = await decodeImage(named(name), { background: '#102030', size: [5, 6], fit: 'stretch' });
    const { data } = await sharp(whole.data, { raw: { width: 17, height: 13, channels: 3 } })
      .resize(6, 5, { fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(small).toMatchObject({ height: 5, width: 6, channels: 3 });
    // Transparency is mixed before resizing here, after it there.
    if (!name.includes('alpha')) expect(small.data).toBeAllclose([...data], { tolerance: 1 });
  },
);

test('transparency of a bitmap shows the background asked for', async () => {
  const [white, blue] = [
    await decodeImage(named('bmp 32 bits with alpha')),
    await decodeImage(named('bmp 32 bits with alpha'), { background: 'blue' }),
  ];
  expect([...white.data.subarray(0, 3)]).toEqual([255, 255, 255]);
  expect([...blue.data.subarray(0, 3)]).toEqual([0, 0, 255]);
});

/** A bitmap whose header has other numbers. */
function bmp(name: string, changes: Readonly<Record<number, number>>): Buffer {
  const bytes = Buffer.from(named(name));
  for (const [at, value] of Object.entries(changes)) bytes.writeInt32LE(value, Number(at));
  return bytes;
}

test('bitmaps that lie are refused before memory is taken', async () => {
  const reason = async (bytes: Uint8Array, maxPixels?: number): Promise<string> =>
    decodeImage(bytes, maxPixels === undefined ? {} : { maxPixels }).then(
      () => 'decoded',
      (error: unknown) => (error as Error).message.replace(/^.*received 'bytes': /, ''),
    );
  expect(await reason(bmp('bmp 24 bits', { 18: 30000, 22: 30000 }))).toBe('the BMP file has 30000 x 30000 pixels.');
  expect(await reason(bmp('bmp 24 bits', { 18: 10000, 22: 10000 }))).toBe('the BMP file is truncated.');
  expect(await reason(bmp('bmp 24 bits', { 18: -17 }))).toBe('the BMP file has -17 x 13 pixels.');
  expect(await reason(bmp('bmp 24 bits', { 14: 66 }))).toBe('the BMP file has an unknown header of 66 bytes.');
  expect(await reason(bmp('bmp 24 bits', { 30: 5 }))).toBe(
    'the BMP file has 24 bits per pixel with compression 5, which cannot be decoded.',
  );
  expect(await reason(bmp('bmp 8 bits with few colors', { 46: 305402420 }))).toBe('the BMP file is too short for its 305402420 colors.');
  expect(await reason(bmp('bmp 8 bits with few colors', { 10: 2 ** 31 - 1 }))).toBe('the BMP file is truncated.');
  expect(await reason(bmp('bmp rle4', {}).subarray(0, 130))).toBe('the BMP file is truncated.');
  expect(await reason(named('bmp rle4').subarray(0, 30))).toBe('the BMP file has an unknown header of 40 bytes.');
  expect(await reason(named('bmp 24 bits'), 220)).toBe('the BMP file has 17 x 13 pixels.');
  expect(await reason(Buffer.from('P6 30000 30000 255\n1234'))).toBe('the PNM file has 30000 x 30000 pixels.');
  expect(await reason(Buffer.from('P6 300 300 255\n1234'))).toBe('the PNM file is truncated.');
  expect(await reason(Buffer.from('P2 2 2 9 1 2 3 x 5'))).toBe('the PNM file has no number of at most 9 at byte 15.');
  expect(await reason(Buffer.from('P1 2 2 0 1 7 0'))).toBe('the PBM file has neither 0 nor 1 at byte 11.');
  expect(await reason(Buffer.from('P5 0 3 255\n'))).toBe('the PNM file has 0 x 3 pixels of at most 255.');
});
