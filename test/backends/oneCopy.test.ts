// Uses a second copy of TensorFlow.js, in its own folder.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import type * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeBackend } from '../../src/backends/index.js';
import { fineTune } from '../../src/training/index.js';
import { tinyData } from '../support/tinyTraining.js';

let folder: string;
let from: string;

beforeAll(async () => {
  const { resolve } = createRequire(import.meta.url);
  folder = await mkdtemp(path.join(tmpdir(), 'copy-'));
  from = path.join(folder, 'index.js');
  for (const name of [
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-layers',
    'long',
    'seedrandom',
    'node-fetch',
    'whatwg-url',
    'tr46',
    'webidl-conversions',
  ]) {
    const source = path.dirname(resolve(`${name}/package.json`));
    await mkdir(path.join(folder, 'node_modules', path.dirname(name)), { recursive: true });
    // The built files alone: sources and source maps are ten times as much.
    await cp(source, path.join(folder, 'node_modules', name), {
      recursive: true,
      filter: (file) => !/\.(ts|map)$/.test(file) && !file.includes('/src/'),
    });
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('an engine created by another copy is rejected', async () => {
  const child = path.join(import.meta.dirname, '../support/anotherCopy.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, from]);
  expect(stdout.trim()).toMatchInlineSnapshot(
    `"BackendError: probeBackend: expected one copy of @tensorflow/tfjs-core in this process, received two. Keep one: \`npm ls @tensorflow/tfjs-core\` shows which package installs the other. \`npm dedupe\` or \`overrides\` in package.json removes it."`,
  );
});

test('a model created by another copy is rejected', async () => {
  const others = createRequire(from)('@tensorflow/tfjs-layers') as typeof tfl;
  const model = others.sequential({ layers: [others.layers.dense({ units: 3, inputShape: [4] })] });
  await expect(fineTune(model, { train: tinyData(), stages: [{ unfreeze: 'all', epochs: 1 }] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: fineTune: expected a model of this library's copy of TensorFlow.js, received one created by another copy. Keep one: \`npm ls @tensorflow/tfjs-core\` shows which package installs the other. \`npm dedupe\` or \`overrides\` in package.json removes it.]`,
  );
  expect(await probeBackend()).toMatchObject({ backend: 'cpu', device: undefined });
});
