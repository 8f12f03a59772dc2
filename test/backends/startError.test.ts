import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { expect, test, vi } from 'vitest';
import { selectBackend } from '../../src/backends/index.js';

// After a failure, TensorFlow.js cannot start wasm in the same process. This file therefore contains only one test.
test('the error for a missing wasm file contains its name, the remedy and the reason of TensorFlow.js', async () => {
  setWasmPaths('/no/such/folder/');
  const warn = vi.spyOn(console, 'warn');
  const select = () =>
    selectBackend([{ name: 'wasm', load: () => Promise.resolve() }]).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
  const error = await select();
  expect(warn).not.toHaveBeenCalled();
  expect((await select())!.message).toBe(error!.message);
  expect(error).toMatchInlineSnapshot(
    `[BackendError: selectBackend: expected a backend that works, found none. wasm (not started): expected 'tfjs-backend-wasm-simd.wasm', which is missing or not a wasm file. Serve the .wasm files of @tensorflow/tfjs-backend-wasm and pass their URL to \`setWasmPaths\` in \`load\`; in Node, pass their folder as \`wasmFolder\`. The runtime says: Error: ENOENT: no such file or directory, open '/no/such/folder/tfjs-backend-wasm-simd.wasm'.]`,
  );
  const [named] = (error!.cause as AggregateError).errors as Error[];
  expect(named!.name).toBe('BackendError');
  expect(named!.cause).toMatchObject({ message: expect.stringContaining('using-bundlers') as unknown });
});
