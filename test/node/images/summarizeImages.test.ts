import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as node from '../../../src/node.js';
import { imageSandbox, jpeg } from '../../support/imageSandbox.js';

const { inRoot } = imageSandbox();

test('a summary finds sizes, duplicates across classes and broken files', async () => {
  await mkdir(inRoot('sum/a'), { recursive: true });
  await mkdir(inRoot('sum/b'), { recursive: true });
  await writeFile(inRoot('sum/a/1.jpg'), await jpeg(1, 30, 20));
  await writeFile(inRoot('sum/b/1.jpg'), await jpeg(1, 30, 20));
  await writeFile(inRoot('sum/b/2.jpg'), 'no picture');
  for (const name of ['3.jpg', '4.jpg']) await writeFile(inRoot('sum/b', name), await jpeg(200, 30, 20));
  const { files, classNames } = await node.imageFolder(inRoot('sum'));
  const summary = await node.summarizeImages(files, classNames);
  expect(summary).toMatchObject({
    images: 5,
    counts: [
      { className: 'a', count: 1 },
      { className: 'b', count: 4 },
    ],
    width: [30, 30, 30],
    height: [20, 20, 20],
  });
  expect(summary.duplicates).toEqual([
    { files: [inRoot('sum/a/1.jpg'), inRoot('sum/b/1.jpg')], conflicting: true },
    { files: [inRoot('sum/b/3.jpg'), inRoot('sum/b/4.jpg')], conflicting: false },
  ]);
  expect(summary.broken.map(({ file }) => file)).toEqual([inRoot('sum/b/2.jpg')]);
});
