// Checks that the compiled kernels cannot overwrite the memory of TensorFlow.js.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { assertStateless, kernelModules } from '../../scripts/buildKernels.js';
import { KERNELS } from '../../src/wasm/binary.js';
import { withSharedMemory } from '../../src/wasm/sharedMemory.js';

const SHARED_KERNELS = Buffer.from(withSharedMemory(Buffer.from(KERNELS, 'base64'))).toString('base64');

test('the committed binary equals a new compilation of the AssemblyScript', async () => {
  for (const [file, text] of await kernelModules()) expect(await readFile(file, 'utf8'), file).toBe(text);
}, 180_000);

test.each([
  ['ordinary', KERNELS],
  ['shared', SHARED_KERNELS],
])('the kernels for %s memory hold no data, no global and import the memory alone', (_, base64) => {
  const binary = Buffer.from(base64, 'base64');
  expect(() => {
    assertStateless(binary);
  }).not.toThrow();
  expect(WebAssembly.Module.imports(new WebAssembly.Module(binary))).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});

test.each([
  ['ordinary', KERNELS, {}],
  ['shared', SHARED_KERNELS, { shared: true, maximum: 65_536 }],
])('the kernels compute in %s memory, and after it has grown', async (_, base64, kind) => {
  const memory = new WebAssembly.Memory({ initial: 1, ...kind });
  const { instance } = await WebAssembly.instantiate(Buffer.from(base64, 'base64'), { env: { memory } });
  const swish = instance.exports['swish'] as (x: number, y: number, count: number) => void;
  for (const address of [1024, 200_000]) {
    if (address > memory.buffer.byteLength) memory.grow(4);
    new Float32Array(memory.buffer, address, 5).set([-2, -1, 0, 1, 2]);
    swish(address, address + 64, 5);
    const y = new Float32Array(memory.buffer, address + 64, 6);
    // PyTorch 2.15: torch.nn.functional.silu; nothing is written behind the fifth value.
    expect(y).toBeAllclose([-0.23840584, -0.26894143, 0, 0.7310586, 1.76159406, 0], { tolerance: 1e-7 });
  }
});

test('a binary with static data is rejected', () => {
  // A module of one memory and one byte of data at address 0.
  const withData = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1, 11, 7, 1, 0, 0x41, 0, 0x0b, 1, 0x2a);
  expect(WebAssembly.validate(withData)).toBe(true);
  expect(() => {
    assertStateless(withData);
  }).toThrowErrorMatchingInlineSnapshot(`[Error: The kernels must not contain static data (section 11).]`);
});
