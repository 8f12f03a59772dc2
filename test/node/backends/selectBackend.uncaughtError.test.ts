// An error nobody catches ends the process with its own words alone.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const program = (end: string): string => `
  const { selectBackend } = await import('./src/node.ts');
  await selectBackend(['wasm']);
  ${end}`;

test.each([
  ['thrown later', "setTimeout(() => { throw new Error('mine'); });"],
  ['of a promise', "void Promise.reject(new Error('mine'));"],
])('an error %s is printed without the backend’s minified source', (_, end) => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program(end)], {
    encoding: 'utf8',
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain('Error: mine');
  expect(stderr).not.toContain('WasmBackendModule');
});
