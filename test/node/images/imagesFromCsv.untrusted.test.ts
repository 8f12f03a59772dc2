// Tables that strangers made: the files that they name stay in their folder.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagesFromCsv } from '../../../src/node/images/index.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'effnet-untrusted-'));
});

afterAll(() => rm(folder, { recursive: true }));

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'read',
    (error: unknown) => String(error).replaceAll(folder, ''),
  );

describe('a table', () => {
  const csv = async (...rows: readonly string[]): Promise<string> => {
    const file = path.join(folder, 'photos', 'table.csv');
    await mkdir(path.dirname(file), { recursive: true });
    for (const name of ['a.jpg', 'b.jpg']) await writeFile(path.join(folder, 'photos', name), '');
    await writeFile(path.join(folder, 'secret.jpg'), '');
    await writeFile(file, ['id,label', ...rows].join('\n'));
    return file;
  };
  const columns = { pathColumn: 'id', labelColumn: 'label' } as const;

  test.each(['../secret.jpg', '/etc/hostname', 'x/../../secret.jpg', '.', '..'])(
    'that names %s is refused, whatever is to be skipped',
    async (name) => {
      const file = await csv('a.jpg,cat', `${name},dog`);
      for (const missing of ['throw', 'skip'] as const)
        expect(await refusal(imagesFromCsv(file, { ...columns, missing }))).toMatch(
          /^DataError: imagesFromCsv: expected file names within '\/photos', received/,
        );
    },
  );

  test('that lies beside its images names them with a folder that contains both', async () => {
    const file = await csv('photos/a.jpg,cat', 'secret.jpg,dog');
    expect((await imagesFromCsv(file, { ...columns, folder })).files.map(({ origin }) => origin).sort()).toEqual([
      'photos/a.jpg',
      'secret.jpg',
    ]);
  });

  test('may have a class named like a property of every object', async () => {
    const file = await csv('a.jpg,constructor', 'b.jpg,__proto__');
    expect((await imagesFromCsv(file, columns)).classNames).toEqual(['__proto__', 'constructor']);
  });

  // A table cannot make a link; whoever puts one into the folder wants it followed, as `writeImageFolder` with mode 'symlink' does.
  test('reaches through a link that lies in the folder', async () => {
    const file = await csv('link.jpg,cat', 'a.jpg,dog');
    await symlink(path.join(folder, 'secret.jpg'), path.join(folder, 'photos', 'link.jpg'));
    expect((await imagesFromCsv(file, columns)).files).toHaveLength(2);
  });
});
