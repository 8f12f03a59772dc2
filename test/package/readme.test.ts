// The first program of the README compiles with strict types and runs in an empty project, with Lite0's weights from their package.

import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IMAGENET_CLASS_NAMES } from '../../src/imagenet.js';
import { readSafetensors } from '../../src/index.js';
import { createProject, pack, packLite0, type Project } from './project.js';

/** Reads a file of weights. Its arrays become digests, which compare quickly. */
async function read(file: string) {
  const arrays = readSafetensors(await readFile(file));
  const digests = [...arrays].map(([name, array]) => [name, createHash('sha256').update(array.values()).digest('hex')]);
  return { digests, preprocessing: arrays.preprocessing, classNames: arrays.classNames };
}

const ROOT = join(import.meta.dirname, '../..');
let project: Project;
let snippets: string[];

beforeAll(async () => {
  const tarball = await pack();
  const packages = ['tfjs-core', 'tfjs-layers', 'tfjs-backend-wasm', 'tfjs-backend-cpu'].map((name) => `@tensorflow/${name}`);
  const lite0 = await packLite0();
  project = await createProject(tarball, [...packages, 'sharp', 'typescript', '@types/node'], lite0);
  await Promise.all([tarball, lite0].map((file) => rm(dirname(file), { recursive: true })));
  snippets = [...(await readFile(join(ROOT, 'README.md'), 'utf8')).matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);
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

test('the first one runs as an ES module, and names the sandals', async () => {
  expect(await project.node(await project.write('sandals.mjs', snippets[0]!))).toMatch(/^774 sandal 0\.9/);
});

test('the one that builds on the blocks runs', async () => {
  await project.node(await project.write('blocks.mjs', snippets[2]!));
});

test('it runs from CommonJS by import()', async () => {
  const body = snippets[0]!.replace(/import (\{[^}]+\}) from ('[^']+');/g, 'const $1 = await import($2);');
  const script = await project.write('sandals.cjs', `(async () => {${body}})();`);
  expect(await project.node(script)).toMatch(/^774 sandal 0\.9/);
});

test("the package of Lite0's weights has the same files for Node and for pages, at paths that do not change", async () => {
  const installed = join(project.folder, 'node_modules', 'effnet-ts-lite0');
  const code = "import * as files from 'effnet-ts-lite0'; console.log(JSON.stringify(files));";
  const paths = JSON.parse(await project.node(await project.write('paths.mjs', code))) as Record<string, string>;
  expect(paths).toEqual({ photo: join(installed, 'photo.jpg'), weights: join(installed, 'model.safetensors') });
  for (const file of Object.values(paths)) expect((await stat(file)).size).toBeGreaterThan(1000);
  const page = { ...((await import(pathToFileURL(join(installed, 'index.js')).href)) as Record<string, string>) };
  expect(page).toEqual(Object.fromEntries(Object.entries(paths).map(([name, file]) => [name, pathToFileURL(file).href])));
});

test("Lite0's weights bring class names and preprocessing, and are those of examples/data to the last bit", async () => {
  const { preprocessing, classNames, digests } = await read(join(project.folder, 'node_modules', 'effnet-ts-lite0', 'model.safetensors'));
  expect(classNames).toEqual(IMAGENET_CLASS_NAMES);
  expect(preprocessing).toMatchObject({ inputSize: [224, 224], fit: 'resizeCrop', cropFraction: 0.875, interpolation: 'bicubic' });
  expect(digests).toEqual((await read(join(ROOT, 'examples/data/weights/efficientnet-lite0.safetensors'))).digests);
});
