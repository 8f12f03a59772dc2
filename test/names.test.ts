// A test of src/folder/file.ts is test/folder/file.test.ts, or file.ASPECT.test.ts where there are several.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

test('every test in a folder of src/ is named after a source file', () => {
  const sources = new Set(filesOf('src'));
  const folders = new Set([...sources].map((file) => file.split(path.sep)[0]));
  const strangers = filesOf('test')
    .filter((file) => /\.test(-d)?\.ts$/.test(file) && !file.endsWith('.contract.test.ts') && folders.has(file.split(path.sep)[0]))
    .filter((file) => !sources.has(path.join(path.dirname(file), `${path.basename(file).split('.')[0] ?? ''}.ts`)));
  expect(strangers, 'Rename them, or move tests of several source files to test/integration.').toEqual([]);
});
