// The kernels with relaxed SIMD are the ordinary ones with one instruction for a product and a sum.

import { setFlagsFromString } from 'node:v8';
import { afterEach, expect, test, vi } from 'vitest';
import { bindKernels, kernelsOf, type Kernels, type WasmBackend } from '../../src/wasm/backend.js';
import { KERNELS } from '../../src/wasm/binary.js';
import { withMultiplyAdd } from '../../src/wasm/relaxedSimd.js';
import { withSharedMemory } from '../../src/wasm/sharedMemory.js';
import { uniform } from '../support/fill.js';

// Node 20 has it behind a flag.
if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
afterEach(() => {
  vi.restoreAllMocks();
});

const ORDINARY = Buffer.from(KERNELS, 'base64');
const RELAXED = withMultiplyAdd(ORDINARY);
const MULTIPLY = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const MULTIPLY_ADD = [0xfd, 0x85, 0x02];
const NOPS = [1, 1, 1];

test.each([
  ['a variable', [0x20, 5]],
  ['a variable whose index takes two bytes', [0x20, 0x85, 0x01]],
  ['a constant', [0xfd, 0x0c, ...new Array<number>(16).fill(7)]],
])('a product to which %s is added becomes one instruction', (_, summand) => {
  const around = [0x20, 0, 0x20, 1];
  const changed = withMultiplyAdd(Uint8Array.from([...around, ...MULTIPLY, ...summand, ...ADD, 0x0b]));
  expect([...changed]).toEqual([...around, ...summand, ...MULTIPLY_ADD, ...NOPS, 0x0b]);
});

test.each([
  ['a sum of other values', [...MULTIPLY, ...ADD]],
  ['a product to which a loaded value is added', [...MULTIPLY, 0x20, 0, 0xfd, 0, 4, 0, ...ADD]],
  ['a product from which a variable is subtracted', [...MULTIPLY, 0x20, 0, 0xfd, 0xe5, 0x01]],
  ['a product at the end', MULTIPLY],
])('%s stays as it is', (_, bytes) => {
  expect([...withMultiplyAdd(Uint8Array.from(bytes))]).toEqual(bytes);
});

test('the changed kernels are valid, for shared memory too', () => {
  expect(RELAXED).toHaveLength(ORDINARY.length);
  expect(Buffer.from(RELAXED).equals(ORDINARY)).toBe(false);
  expect(WebAssembly.validate(RELAXED)).toBe(true);
  expect(WebAssembly.validate(withSharedMemory(RELAXED))).toBe(true);
});

/** Connects kernels to a memory that contains the same random numbers every time. Only `validate` differs between the two. */
async function boundKernels(relaxed: boolean): Promise<{ readonly kernels: Kernels; readonly floats: Float32Array }> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const floats = new Float32Array(memory.buffer);
  floats.set(Array.from(uniform('memory', floats.length), (u) => u + 0.5));
  const wasm = { asm: { memory }, _malloc: () => 8, _free: () => undefined };
  const backend = { wasm } as unknown as WasmBackend;
  const { validate } = WebAssembly;
  vi.spyOn(WebAssembly, 'validate').mockImplementation((bytes) => relaxed && validate(bytes));
  await bindKernels(backend);
  vi.restoreAllMocks();
  return { kernels: kernelsOf(backend), floats };
}

const [A, B, C, D, OUT, SCRATCH] = [4096, 8192, 12_288, 16_384, 65_536, 524_288];
const GEOMETRY = [2, 9, 7, 13, 5, 4, 5, 5, 2, 2, 2, 2];
const CALLS: Record<string, (kernels: Kernels) => unknown> = {
  pointwiseNormAct: (k) => k.pointwiseNormAct(A, B, C, C, C, C, OUT, OUT + 65_536, SCRATCH, 37, 19, 21, 1e-3, 1),
  pointwiseGradient: (k) => k.pointwiseGradient(A, B, C, D, C, C, OUT, OUT + 65_536, SCRATCH, 37, 19, 21, 1e-3),
  depthwiseNormAct: (k) => k.depthwiseNormAct(A, B, C, C, C, C, OUT, OUT + 65_536, OUT + 131_072, SCRATCH, ...GEOMETRY, 1e-3, 1),
  depthwiseGradient: (k) => k.depthwiseGradient(A, B, C, D, D, D, OUT, OUT + 65_536, SCRATCH, ...GEOMETRY),
  swishGradient: (k) => k.swishGradient(A, B, OUT, 1001),
  moments: (k) => k.moments(A, OUT, OUT + 4096, SCRATCH, 150, 13),
  adamUpdate: (k) => k.adamUpdate(A, B, C, D, OUT, OUT + 8192, OUT + 16_384, 1001, 0.1, 0.1, 0.01, 1e-7),
};

test.each(Object.entries(CALLS))('%s computes the same up to rounding, with and without relaxed SIMD', async (_, call) => {
  const [ordinary, relaxed] = [await boundKernels(false), await boundKernels(true)];
  expect(ordinary.kernels).not.toBe(relaxed.kernels);
  call(ordinary.kernels);
  call(relaxed.kernels);
  const results = ({ floats }: { floats: Float32Array }): Float32Array => floats.slice(OUT / 4, SCRATCH / 4);
  const untouched = new Float32Array(results(ordinary).length);
  expect(results(ordinary)).not.toEqual(untouched);
  const largest = results(ordinary).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(results(relaxed)).toBeAllclose(results(ordinary), { tolerance: 2e-6 * largest });
});

test('kernels are bound with relaxed SIMD only where the engine has it', async () => {
  const instantiate = vi.spyOn(WebAssembly, 'instantiate');
  for (const relaxed of [false, true]) {
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(relaxed);
    const wasm = { asm: { memory: new WebAssembly.Memory({ initial: 1 }) }, _malloc: () => 8, _free: () => undefined };
    await bindKernels({ wasm } as unknown as WasmBackend);
    expect(validate).toHaveBeenCalledOnce();
    const bytes = instantiate.mock.calls.at(-1)?.[0] as unknown as Uint8Array;
    expect(Buffer.from(bytes).equals(relaxed ? RELAXED : ORDINARY)).toBe(true);
    validate.mockRestore();
  }
});
