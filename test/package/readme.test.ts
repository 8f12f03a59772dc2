// The README is true: its first program compiles under strict and runs in a stranger's project.

import { copyFile, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProject, pack, type Project } from './project.js';

const ROOT = join(import.meta.dirname, '../..');
let project: Project;
let snippets: string[];

beforeAll(async () => {
  const tarball = await pack();
  const packages = ['tfjs-core', 'tfjs-layers', 'tfjs-backend-wasm', 'tfjs-backend-cpu'].map((name) => `@tensorflow/${name}`);
  project = await createProject(tarball, [...packages, 'sharp', 'typescript', '@types/node']);
  await rm(dirname(tarball), { recursive: true });
  snippets = [...(await readFile(join(ROOT, 'README.md'), 'utf8')).matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);
  for (const file of ['weights/efficientnet-lite0.safetensors', 'photos/panda.jpg']) {
    await copyFile(join(ROOT, 'examples/data', file), join(project.folder, file.split('/')[1]!));
  }
});

afterAll(() => project.remove());

test('every program compiles under strict and NodeNext', async () => {
  const [first, second, ...rest] = snippets;
  await project.write('learn.mts', `${first!}\n${second!}`);
  await Promise.all(rest.map((snippet, i) => project.write(`own${i}.mts`, snippet)));
  const files = ['learn.mts', ...rest.map((_, i) => `own${i}.mts`)];
  const flags = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', '--types', 'node'];
  await expect(project.tool('tsc', '--noEmit', ...flags, ...files)).resolves.toBe('');
});

test('the first one runs as an ES module, and names the panda', async () => {
  const script = await project.write('panda.mjs', snippets[0]!);
  const [layout, best] = (await project.node(script)).split('\n');
  expect(layout).toBe('lukemelas');
  expect(best).toMatch(/^388 0\.9/);
});

test('it runs from CommonJS by import()', async () => {
  const body = snippets[0]!.replace(/import (\{[^}]+\}) from ('[^']+');/g, 'const $1 = await import($2);');
  const script = await project.write('panda.cjs', `(async () => {${body}})();`);
  expect(await project.node(script)).toMatch(/^lukemelas\n388 0\.9/);
});
