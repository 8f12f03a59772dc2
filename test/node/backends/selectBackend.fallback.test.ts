import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { selectBackend } from '../../../src/node.js';

const BINARY = 'tfjs-backend-wasm-simd.wasm';
const installed = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
  'dist',
  BINARY,
);

test('a damaged wasm file is named in one line of warning, is an error where wasm alone was asked for, and does not keep wasm from starting later', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'effnet-'));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const file = path.join(folder, BINARY);
  await writeFile(file, '<!doctype html><title>Not found</title>');
  const reason =
    `expected a wasm file, received '${file}', which is damaged (WebAssembly.compile(): ` +
    `expected magic word 00 61 73 6d, found 3c 21 64 6f @+0). ` +
    `Name the folder that contains it with \`wasmFolder\`, or delete node_modules/@tensorflow/tfjs-backend-wasm and run \`npm install\`.`;

  expect(await selectBackend(undefined, { wasmFolder: folder })).toMatchObject({
    backend: 'cpu',
    tried: [{ name: 'wasm', outcome: 'not loaded', reason }, {}],
  });
  expect(warn.mock.calls).toEqual([
    [
      `selectBackend: the active backend is 'cpu'. It is plain JavaScript, about twenty times slower than wasm. ` +
        `The backends before it do not work: wasm (not loaded): ${reason}`,
    ],
  ]);
  await expect(selectBackend(['wasm'], { wasmFolder: folder })).rejects.toThrow(
    `selectBackend: expected a backend that works, found none. wasm (not loaded): ${reason}`,
  );
  expect(tf.getBackend()).toBe('cpu');

  await copyFile(installed, file);
  expect(await selectBackend(['wasm'], { wasmFolder: folder })).toMatchObject({ backend: 'wasm' });
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
  await rm(folder, { recursive: true });
});
