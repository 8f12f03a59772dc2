// The first program of the README compiles with strict types and runs in an empty project.

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
  await copyFile(join(ROOT, 'examples/data/weights/efficientnet-lite0.safetensors'), join(project.folder, 'lite0.safetensors'));
  await copyFile(join(ROOT, 'examples/data/photos/panda.jpg'), join(project.folder, 'photo.jpg'));
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

/** The first snippet, without the download. */
function first(): string {
  const offline = snippets[0]!.replace("pretrained('lite0')", "pretrained('lite0', { weights: 'lite0.safetensors' })");
  expect(offline).not.toBe(snippets[0]);
  return offline;
}

test('the first one runs as an ES module, and names the panda', async () => {
  expect(await project.node(await project.write('panda.mjs', first()))).toMatch(/^388 giant panda 0\.9/);
});

test('the one that builds on the blocks runs', async () => {
  await project.node(await project.write('blocks.mjs', snippets[2]!));
});

test('it runs from CommonJS by import()', async () => {
  const body = first().replace(/import (\{[^}]+\}) from ('[^']+');/g, 'const $1 = await import($2);');
  const script = await project.write('panda.cjs', `(async () => {${body}})();`);
  expect(await project.node(script)).toMatch(/^388 giant panda 0\.9/);
});
