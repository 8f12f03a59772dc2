import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFiles } from '../../../src/node/files/internal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
const all = async (): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();

test('new files replace earlier ones, obsolete ones go, and others stay', async () => {
  await replaceFiles(folder, {
    files: { 'main.json': () => '1', 'sub/a': () => 'a1', 'sub/b': () => 'b1' },
    main: 'main.json',
    obsolete: [],
  });
  await writeFile(path.join(folder, 'notes.txt'), 'mine');
  await replaceFiles(folder, {
    files: { 'sub/a': () => 'a2', 'main.json': () => '2' },
    main: 'main.json',
    obsolete: ['sub/b', 'sub/c'],
  });
  expect(await all()).toEqual(['main.json', 'notes.txt', 'sub', 'sub/a']);
  expect([await read('main.json'), await read('sub/a'), await read('notes.txt')]).toEqual(['2', 'a2', 'mine']);
});

test('content that cannot be made leaves the earlier files and nothing else', async () => {
  await replaceFiles(folder, { files: { main: () => '1', other: () => '1' }, main: 'main', obsolete: [] });
  const fail = (): string => {
    throw new Error('no content');
  };
  await expect(replaceFiles(folder, { files: { main: () => '2', other: fail }, main: 'main', obsolete: ['other'] })).rejects.toThrow(
    'no content',
  );
  expect(await all()).toEqual(['main', 'other']);
  expect([await read('main'), await read('other')]).toEqual(['1', '1']);
});

test('a folder in which moving was interrupted lacks its main file', async () => {
  await replaceFiles(folder, { files: { main: () => '1', a: () => '1' }, main: 'main', obsolete: [] });
  // A file cannot take the place of a folder.
  await mkdir(path.join(folder, 'b'));
  await expect(
    replaceFiles(folder, { files: { main: () => '2', a: () => '2', b: () => '2' }, main: 'main', obsolete: [] }),
  ).rejects.toThrow('EISDIR');
  expect(await all()).toEqual(['a', 'b']);
});
