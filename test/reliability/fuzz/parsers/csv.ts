// Tables of labeled pictures: what is listed stays in its folder.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { imagesFromCsv } from '../../../../src/node/images/index.js';
import { expectRight, type Parser } from '../parser.js';

const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-csv-'));
const table = path.join(folder, 'pictures', 'table.csv');
mkdirSync(path.join(folder, 'pictures', 'ü'), { recursive: true });
for (const name of ['secret.jpg', 'pictures/a.jpg', 'pictures/b.jpg', 'pictures/ü/c.jpg']) writeFileSync(path.join(folder, name), '');

const cell = fc.oneof(
  fc.constantFrom(
    'a.jpg',
    'b.jpg',
    '../secret.jpg',
    '/etc/passwd',
    'ü/c.jpg',
    'ü/../../secret.jpg',
    '..\\secret.jpg',
    '',
    '"',
    '\0',
    'constructor',
    '__proto__',
    'cat|dog',
    '.',
    '..',
  ),
  fc.string(),
);
const quoted = (value: string): string => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export const parser: Parser = {
  files: () =>
    [
      'id,label,patient\na.jpg,cat,1\nb.jpg,"dog, big",2\nü/c.jpg,cat,1\n',
      '\ufeffid,label\r\n"a.jpg",x|y\r\nb.jpg,constructor\r\n',
      'label,id\ncat,../secret.jpg\n',
    ].map((text) => new Uint8Array(Buffer.from(text))),
  inputs: fc
    .array(fc.tuple(cell, cell), { maxLength: 5 })
    .map((rows) => new Uint8Array(Buffer.from(['id,label', ...rows.map((row) => row.map(quoted).join(','))].join('\n')))),
  async read(bytes) {
    writeFileSync(table, bytes);
    const { files, classNames, missing } = await imagesFromCsv(table, {
      pathColumn: 'id',
      labelColumn: 'label',
      labelSeparator: '|',
      multiLabel: true,
      missing: 'skip',
    });
    expectRight(
      classNames.every((name) => typeof name === 'string'),
      'class names are text',
    );
    for (const file of files)
      expectRight(
        file.labels.every((label) => classNames[label] !== undefined),
        'labels have names',
      );
    for (const name of [...files.map((file) => file.path), ...missing]) {
      expectRight(path.resolve(name).startsWith(path.join(folder, 'pictures') + path.sep), `a path out of its folder: ${name}`);
    }
  },
};
