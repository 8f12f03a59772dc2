import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { trainAugmentation } from '../../../src/image/index.js';
import * as node from '../../../src/node.js';
import { imageSandbox, jpeg } from '../../support/imageSandbox.js';

const { inRoot, refusal } = imageSandbox();

test('a contact sheet is an image of all its cells', async () => {
  const photo = await node.decodeImage(await jpeg(200, 60, 40));
  await node.contactSheet(photo, trainAugmentation('imagenet', 32), inRoot('sheet.png'), { columns: 3, rows: 2, size: 20 });
  const sheet = await node.decodeImage(inRoot('sheet.png'));
  expect([sheet.width, sheet.height]).toEqual([76, 52]);
});

test('the format of a contact sheet is that of its extension', async () => {
  const image = await node.decodeImage(await jpeg(40, 30, 40));
  const write = async (name: string) => {
    await node.contactSheet(image, trainAugmentation('imagenet', 32), inRoot(name), { columns: 2, rows: 1, size: 20 });
    return (await sharp(await readFile(inRoot(name))).metadata()).format;
  };
  expect([await write('a.png'), await write('a.jpg'), await write('a.JPEG')]).toEqual(['png', 'jpeg', 'jpeg']);
  await expect(write('a.webp')).rejects.toThrow(
    /^contactSheet: expected a name that ends in '\.png', '\.jpg' or '\.jpeg' for `file`, received '.*a\.webp'\.$/,
  );
});

test('an image encoded again as JPEG stays nearly the same', async () => {
  const photo = await node.decodeImage(await jpeg(200, 60, 40));
  const again = await node.randomJpegQuality([60, 60]).apply(photo, createRandom(1));
  expect(again.data).toBeAllclose(photo.data, { tolerance: 12 });
});

test('an image that cannot be drawn or encoded is refused', async () => {
  const image = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
  expect(() => node.randomJpegQuality([95, 50])).toThrow(
    'randomJpegQuality: expected [low, high] of integers in [1, 100] for `range`, received [95, 50].',
  );
  const recipe = node.randomJpegQuality();
  expect(await refusal(node.contactSheet(image, recipe, inRoot('huge.png'), { size: 100_000 }))).toMatch(
    /^OptionError: contactSheet: expected a sheet of at most 200000000 pixels, received 600028 x 400020\./,
  );
  expect(await refusal(node.contactSheet(image, recipe, inRoot('pictures', '0.jpg', 'sheet.png')))).toMatch(
    /^DataError: contactSheet: expected a file that can be written/,
  );
  expect(await refusal(node.encodeImage({ width: 1, height: 1, channels: 5, data: new Uint8Array(5) }))).toBe(
    'OptionError: encodeImage: expected an image of 1 to 4 channels, received 5.',
  );
  const wide = { width: 70_000, height: 1, channels: 1, data: new Uint8Array(70_000) };
  expect(await refusal(node.encodeImage(wide, { format: 'jpeg' }))).toMatch(
    'encodeImage: expected sides of at most 65535 pixels for a JPEG, received 70000 x 1.',
  );
  expect(await refusal(node.decodeImage(inRoot('pictures', '0.jpg'), { fit: 'crop' }))).toMatch(
    "decodeImage: expected nothing without `size` for `fit`, received 'crop'.",
  );
});
