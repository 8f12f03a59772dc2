import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/index.js';
import { trainAugmentation } from '../../src/image/index.js';
import * as node from '../../src/node/index.js';
import { imageSandbox, jpeg } from '../support/imageSandbox.js';

const { inRoot } = imageSandbox();

test('a contact sheet is an image of all its cells', async () => {
  const photo = await node.decodeImage(await jpeg(200, 60, 40));
  await node.contactSheet(photo, trainAugmentation('imagenet', 32), inRoot('sheet.png'), { columns: 3, rows: 2, size: 20 });
  const sheet = await node.decodeImage(inRoot('sheet.png'));
  expect([sheet.width, sheet.height]).toEqual([76, 52]);
});

test('an image encoded again as JPEG stays nearly the same', async () => {
  const photo = await node.decodeImage(await jpeg(200, 60, 40));
  const again = await node.randomJpegQuality([60, 60]).apply(photo, createRandom(1));
  expect(again.data).toBeAllclose(photo.data, { tolerance: 12 });
});
