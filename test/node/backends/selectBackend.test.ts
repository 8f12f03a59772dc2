import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { ensureBackend, selectBackend } from '../../../src/node.js';
import { loadWebGpu } from '../../../src/node/backends/nativeBackends.js';

test('a backend that is not installed comes with the command that installs it', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { tried } = await selectBackend(['tensorflow', 'cpu']);
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
  expect(tried[1]!.reason).toMatch(/It is plain JavaScript, about twenty times slower than wasm\.$/);
  expect(tried[0]).toMatchInlineSnapshot(`
    {
      "name": "tensorflow",
      "outcome": "not installed",
      "reason": "expected the package '@tensorflow/tfjs-node', which is not installed. Run \`npm install @tensorflow/tfjs-node\`.",
    }
  `);
});

test.each([
  ['an unknown name', ['wasn'], {}],
  ['a folder without the binaries', ['wasm'], { wasmFolder: '/no/such/folder' }],
  ['an unknown option', ['wasm'], { folder: 'x' }],
  ['a string for the list', 'wasm', {}],
])('refuses %s', async (_, preferences, options) => {
  await expect(selectBackend(preferences as never, options as never)).rejects.toThrowErrorMatchingSnapshot();
});

test('an imported backend of another name may be given by name', async () => {
  const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu');
  tf.registerBackend('other', () => new MathBackendCPU());
  tf.copyRegisteredKernels('cpu', 'other');
  expect(await selectBackend(['other'])).toMatchObject({ backend: 'other' });
  expect(await ensureBackend()).toEqual({ backend: 'other', tried: [] });
});

test('a folder of binaries that cannot be obeyed is refused', async () => {
  const wasmFolder = path.join(path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
  await expect(selectBackend(['cpu'], { wasmFolder })).rejects.toThrow(/expected 'wasm' among the preferences for `wasmFolder`/);
});

test('Dawn that finds no GPU adapter is one sentence', async () => {
  const dawn = { create: () => ({ requestAdapter: () => Promise.resolve(null) }), globals: {} };
  await expect(loadWebGpu('selectBackend', () => Promise.resolve(dawn))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: Dawn found no GPU adapter; it needs a driver for Vulkan, Metal or Direct3D 12]`,
  );
});

test('Dawn starts once, however often WebGPU is chosen', async () => {
  const had = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  const created: object[] = [];
  const create = (): object => {
    const gpu = { requestAdapter: () => Promise.resolve({}) };
    created.push(gpu);
    return gpu;
  };
  try {
    for (let i = 0; i < 2; i++) await loadWebGpu('selectBackend', () => Promise.resolve({ create, globals: {} }));
    expect(created).toHaveLength(1);
    expect((globalThis.navigator as unknown as { gpu: object }).gpu).toBe(created[0]);
  } finally {
    if (had === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', had);
  }
});
