// The cache folder of the Hugging Face hub is shared with Python: what one has downloaded, the other opens without a network.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { selectBackend } from '../../src/node/backends/index.js';
import { pretrained } from '../../src/node/weights/index.js';
import { hubEnvironment } from '../support/hubEnvironment.js';
import { FIRST, hubServer, type HubServer } from '../support/hubServer.js';

const source = fileURLToPath(new URL('../fixtures/weights/hub/file', import.meta.url));
const files = Object.fromEntries(readdirSync(source).map((name) => [name, new Uint8Array(readFileSync(join(source, name)))]));

interface Answer {
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly repositories: readonly string[];
  readonly refs: readonly string[];
}

const expected: Answer = {
  files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')])),
  warnings: [],
  repositories: ['me/net'],
  refs: ['main'],
};

let folder: string;
let server: HubServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'effnet-hub-'));
  server = await hubServer({ 'me/net': { commits: { [FIRST]: files }, refs: { main: FIRST } } });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true });
});

async function python(mode: 'online' | 'offline'): Promise<Answer> {
  const interpreter = process.env['ORACLE_TORCH_PYTHON'];
  if (interpreter === undefined) throw new Error('Run the oracles with `npm run test:oracles`.');
  const script = fileURLToPath(new URL('hub_cache.py', import.meta.url));
  const { stdout } = await promisify(execFile)(interpreter, [script, mode]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answer;
}

function environment(mode: 'online' | 'offline'): void {
  hubEnvironment({ HF_ENDPOINT: server.endpoint, HF_HOME: folder, ...(mode === 'offline' ? { HF_HUB_OFFLINE: '1' } : {}) });
}

test('huggingface_hub finds what pretrained has downloaded', async () => {
  await selectBackend(['wasm']);
  environment('online');
  (await pretrained('hf:me/net')).dispose();
  environment('offline');
  expect(await python('offline')).toEqual(expected);
});

test('pretrained opens what huggingface_hub has downloaded', async () => {
  await selectBackend(['wasm']);
  environment('online');
  expect(await python('online')).toEqual(expected);
  environment('offline');
  server.requests.length = 0;
  (await pretrained('hf:me/net')).dispose();
  expect(server.requests).toEqual([]);
});
