// Every supported version of Node runs the kernels with relaxed SIMD once it is allowed.

import { expect, test, vi } from 'vitest';
import { allowRelaxedSimd } from '../../../src/node/backends/relaxedSimd.js';

/** (func (param v128 v128 v128) (result v128) local.get 0, 1, 2, f32x4.relaxed_madd) */
const MULTIPLY_ADD = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 0x02, 0x0b],
);

test('the engine accepts relaxed SIMD', () => {
  allowRelaxedSimd();
  allowRelaxedSimd();
  expect(WebAssembly.validate(MULTIPLY_ADD)).toBe(true);
});

test.each([
  ['Node 22', { node: '22.3.0' }],
  ['Bun', { node: '20.1.0', bun: '1.0.0' }],
  ['Deno', { node: '20.1.0', deno: '2.0.0' }],
])('no flag is set in %s', async (_, versions) => {
  const set: string[] = [];
  vi.resetModules();
  vi.doMock('node:v8', () => ({ setFlagsFromString: (flag: string) => set.push(flag) }));
  vi.spyOn(process, 'versions', 'get').mockReturnValue(versions as unknown as NodeJS.ProcessVersions);
  const fresh = await import('../../../src/node/backends/relaxedSimd.js');
  fresh.allowRelaxedSimd();
  expect(set).toEqual([]);
  vi.restoreAllMocks();
  vi.doUnmock('node:v8');
});
