import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import * as node from '../../../src/node.js';
import { imageSandbox } from '../../support/imageSandbox.js';

const { inRoot, refusal } = imageSandbox();

test('class folders are written from a list and read back', async () => {
  const files = Array.from({ length: 6 }, (_, i) => ({ path: inRoot('pictures', `${i}.jpg`), label: i % 2 }));
  for (const mode of ['copy', 'link', 'symlink'] as const) {
    await node.writeImageFolder(inRoot(mode), files, ['even', 'odd'], { mode });
    const read = await node.imageFolder(inRoot(mode));
    expect(read.files.map((file) => file.origin)).toEqual([
      'even/0.jpg',
      'even/2.jpg',
      'even/4.jpg',
      'odd/1.jpg',
      'odd/3.jpg',
      'odd/5.jpg',
    ]);
  }
  expect(await refusal(node.writeImageFolder(inRoot('copy'), files, ['even', 'odd']))).toMatch(
    'there is a file of that name already, or on the way to it',
  );
  expect(await refusal(node.writeImageFolder(inRoot('x'), [files[0]!, files[0]!], ['a']))).toMatch('expected one file for');
});

test('nothing is written when a file is missing', async () => {
  await writeFile(inRoot('there.jpg'), '');
  const files = ['there', 'gone'].map((name, label) => ({ path: inRoot(`${name}.jpg`), label }));
  expect(await refusal(node.writeImageFolder(inRoot('half'), files, ['a', 'b']))).toMatchInlineSnapshot(
    `"DataError: writeImageFolder: expected files that can be read, received '<root>/gone.jpg': there is no such file or folder. Nothing was written."`,
  );
  await expect(readdir(inRoot('half'))).rejects.toThrow('ENOENT');
});

test('without shuffling, a list of files becomes images in its order', async () => {
  const files = [3, 1].map((i) => ({ path: inRoot('pictures', `${i}.jpg`), label: i, origin: `${i}` }));
  const images = await node.imageFiles(files, { labelMode: 'int', shuffle: false }).toArray();
  expect(images.map(({ origin, label }) => [origin, label])).toEqual([
    ['3', 3],
    ['1', 1],
  ]);
  expect(() => node.imageFiles(files, { classes: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: imageFiles: expected an integer above the highest label 3 for \`classes\`, received 3.]`,
  );
});

test('Food-101 is listed by its official lists', async () => {
  await mkdir(inRoot('food/meta'), { recursive: true });
  await writeFile(inRoot('food/meta/classes.txt'), 'apple_pie\nsushi\n');
  await writeFile(inRoot('food/meta/train.txt'), 'sushi/1\napple_pie/2\n');
  await writeFile(inRoot('food/meta/test.txt'), 'sushi/3\n');
  const { classNames, train, test: held } = await node.food101Files(inRoot('food'));
  expect(classNames).toEqual(['apple_pie', 'sushi']);
  expect(train.map((file) => file.label)).toEqual([1, 0]);
  expect(held[0]!.path).toBe(inRoot('food/images/sushi/3.jpg'));
});

test('an image of 12000 x 9000 pixels decodes and shrinks, and is refused where fewer pixels are allowed', async () => {
  // A white PNG of one bit a pixel, so that a hundred million pixels are soon written and read.
  const chunk = (name: string, content: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(12000, 0);
  header.writeUInt32BE(9000, 4);
  const row = Buffer.alloc(1501, 0xff).fill(0, 0, 1);
  const rows = deflateSync(Buffer.concat(Array<Buffer>(9000).fill(row)), { level: 1 });
  await mkdir(inRoot('large'));
  await writeFile(
    inRoot('large/1.png'),
    Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]),
  );
  const files = [{ path: inRoot('large/1.png'), label: 0 }];
  const [image] = await node.imageFiles(files, { inputSize: [6, 8] }).toArray();
  expect(image!.pixels).toMatchObject({ width: 8, height: 6, channels: 3 });
  expect(image!.pixels.data).toBeAllclose(Array<number>(6 * 8 * 3).fill(255), { tolerance: 0 });
  await expect(node.imageFiles(files, { inputSize: [6, 8], maxPixels: 12000 * 9000 - 1 }).toArray()).rejects.toThrow(
    'of at most 107999999 pixels',
  );
});

test('a label of a list that no class has is refused by name', () => {
  expect(() => node.imageFiles([{ path: 'a.png', label: 1.5 }])).toThrow(
    'imageFiles: expected an integer for `files[0].label`, received 1.5.',
  );
  expect(() => node.imageFiles([{ path: 'a.png', label: -1 }], { labelMode: 'int' })).toThrow(
    "imageFiles: expected a label in [0, 1) for 'a.png', received -1.",
  );
});
