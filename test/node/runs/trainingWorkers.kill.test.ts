// The threads run the built package: `npm test` builds it first.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CHILD = fileURLToPath(new URL('../../support/threadsChild.ts', import.meta.url));

/** Runs until its end, or kills the process after some steps. Returns the number of steps. */
async function run(store: string, result: string, kill = Infinity): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, store, result], { stdio: ['ignore', 'pipe', 'ignore'] });
  let steps = 0;
  child.stdout.on('data', (data: Buffer) => {
    steps += data.toString().split('\n').length - 1;
    if (steps >= kill) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  return steps;
}

test('a run with two threads that is killed twice ends bit by bit like an uninterrupted one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'threads-'));
  const [whole, killed] = ['whole', 'killed'].map((name) => path.join(folder, `${name}.json`)) as [string, string];
  expect(await run(path.join(folder, 'whole.safetensors'), whole)).toBe(12);
  const store = path.join(folder, 'killed.safetensors');
  for (let kill = 0; kill < 2; kill++) await run(store, killed, 3);
  await expect(readFile(killed)).rejects.toThrow('ENOENT');
  expect(await run(store, killed)).toBeGreaterThan(0);
  expect(await readFile(killed, 'utf8')).toBe(await readFile(whole, 'utf8'));
  await rm(folder, { recursive: true });
}, 300_000);
