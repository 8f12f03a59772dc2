import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileWriter, replaceFile, unwritable } from '../../../src/node/files/internal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const open = (file: string, gzip = false) => openFileWriter(file, unwritable('save', 'file', file, 'Choose another.'), { gzip });

test('a file whose name is as long as names may be is replaced, in a folder that is created', async () => {
  const file = path.join(folder, 'new', 'folder', 'x'.repeat(255));
  await replaceFile(file, 'first');
  await replaceFile(file, bytes('second'));
  expect(await readFile(file, 'utf8')).toBe('second');
  expect(await readdir(path.dirname(file))).toHaveLength(1);
});

test('a file that cannot be replaced leaves no temporary file', async () => {
  await mkdir(path.join(folder, 'taken'));
  await expect(replaceFile(path.join(folder, 'taken'), 'text')).rejects.toThrow('EISDIR');
  expect(await readdir(folder)).toEqual(['taken']);
});

test.each([false, true])('a file in parts appears when it is committed (gzip: %s)', async (gzip) => {
  const file = path.join(folder, 'new', 'parts');
  const writer = await open(file, gzip);
  for (const part of ['one ', 'two ', 'three']) await writer.add(bytes(part));
  await writer.end();
  expect(await readdir(path.dirname(file))).not.toContain('parts');
  await writer.commit();
  expect(await readdir(path.dirname(file))).toEqual(['parts']);
  const written = await readFile(file);
  expect((gzip ? gunzipSync(written) : written).toString()).toBe('one two three');
});

test('a discarded file leaves the earlier one', async () => {
  const file = path.join(folder, 'parts');
  await writeFile(file, 'earlier');
  const writer = await open(file);
  await writer.add(bytes('later'));
  await writer.discard();
  expect(await readdir(folder)).toEqual(['parts']);
  expect(await readFile(file, 'utf8')).toBe('earlier');
});

test('a file in parts that cannot be written is named with the reason of the system', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const file = path.join(folder, 'file', 'parts');
  await expect(open(file)).rejects.toMatchObject({
    name: 'DataError',
    message:
      `save: expected a file that can be written, received '${file}': there is a file of that name already, or on the way to it. ` +
      `Choose another.`,
    origin: file,
    cause: { code: 'EEXIST' },
  });
  await mkdir(path.join(folder, 'taken'));
  const writer = await open(path.join(folder, 'taken'));
  await expect(writer.commit()).rejects.toThrow(/^save: .*taken': it is a folder, not a file\. Choose another\.$/);
  await writer.discard();
  expect(await readdir(folder)).toEqual(['file', 'taken']);
});
