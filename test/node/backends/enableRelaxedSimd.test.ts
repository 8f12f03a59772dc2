import { expect, test } from 'vitest';
import { selectBackend } from '../../../src/node.js';
import { KERNELS } from '../../../src/wasm/binary.js';
import { withMultiplyAdd } from '../../../src/wasm/relaxedSimd.js';

test('selecting wasm makes the engine accept kernels with relaxed SIMD in every supported version of Node', async () => {
  await selectBackend(['wasm']);
  expect(WebAssembly.validate(withMultiplyAdd(Buffer.from(KERNELS, 'base64')))).toBe(true);
});
