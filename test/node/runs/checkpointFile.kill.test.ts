import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { readCheckpoint } from '../../../src/training/internal.js';

const CHILD = fileURLToPath(new URL('../../support/fineTuneChild.ts', import.meta.url));

/** Runs until its end, or kills it some milliseconds after some steps; tells how many steps it took. */
async function run(store: string, result: string, kill?: { readonly steps: number; readonly milliseconds: number }): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, store, result], { stdio: ['ignore', 'pipe', 'ignore'] });
  let steps = 0;
  child.stdout.on('data', (data: Buffer) => {
    steps += data.toString().split('\n').length - 1;
    if (kill !== undefined && steps > kill.steps) setTimeout(() => child.kill('SIGKILL'), kill.milliseconds);
  });
  await new Promise((resolve) => child.on('close', resolve));
  return steps;
}

test('a run killed twenty times ends with the weights of an uninterrupted one, and no checkpoint is ever half-written', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kill-'));
  const [whole, killed] = ['whole', 'killed'].map((name) => path.join(folder, `${name}.json`)) as [string, string];
  expect(await run(path.join(folder, 'whole.safetensors'), whole)).toBe(60);
  const store = path.join(folder, 'killed.safetensors');
  const random = createRandom(20);
  for (let kill = 0; kill < 20; kill++) {
    await run(store, killed, { steps: random.integer(3), milliseconds: random.integer(12) });
    expect(readCheckpoint(await readFile(store)).weights.size).toBe(8);
  }
  await expect(readFile(killed)).rejects.toThrow('ENOENT');
  expect(await run(store, killed)).toBeGreaterThan(0);
  expect(await readFile(killed, 'utf8')).toBe(await readFile(whole, 'utf8'));
  expect((await readdir(folder)).filter((name) => name.endsWith('.json') || name.endsWith('.safetensors'))).toHaveLength(4);
  await rm(folder, { recursive: true });
}, 600_000);
