import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imagePaths } from '../../src/cli/imagePaths.js';

let folder: string;
const at = (...names: readonly string[]): string => path.join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'image-paths-'));
  mkdirSync(at('more'));
  mkdirSync(at('empty'));
  for (const name of ['b.jpg', 'a.PNG', 'notes.txt', 'odd[1].jpg', 'more/c.webp']) writeFileSync(at(name), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a folder stands for all images in it, sorted', async () => {
  expect(await imagePaths([folder])).toEqual([at('a.PNG'), at('b.jpg'), at('odd[1].jpg'), at('more', 'c.webp')]);
});

test('a pattern stands for the images that match it', async () => {
  expect(await imagePaths([at('*.jpg')])).toEqual([at('b.jpg'), at('odd[1].jpg')]);
  expect(await imagePaths([at('**/*')])).toEqual([at('a.PNG'), at('b.jpg'), at('more', 'c.webp'), at('odd[1].jpg')]);
});

test('a file whose name looks like a pattern is that file', async () => {
  expect(await imagePaths([at('odd[1].jpg')])).toEqual([at('odd[1].jpg')]);
});

test('an image that is named twice is listed once', async () => {
  expect(await imagePaths([at('b.jpg'), at('b.*')])).toEqual([at('b.jpg')]);
});

test('what does not exist, or has no images, is refused by name', async () => {
  await expect(imagePaths([at('none.jpg')])).rejects.toThrow(`there is no file or folder '${at('none.jpg')}'.`);
  await expect(imagePaths([at('*.gif')])).rejects.toThrow(`no image matches '${at('*.gif')}'.`);
  await expect(imagePaths([at('empty')])).rejects.toThrow(`in '${at('empty')}'.`);
});
