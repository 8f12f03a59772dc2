// Killed processes, full disks, read-only folders and shared caches never leave an incomplete file under the final name.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import { readTFRecords } from '../../src/data/index.js';
import { readWeightFile } from '../../src/node/weights/index.js';
import { readCheckpoint } from '../../src/training/internal.js';
import { bundleScript } from '../support/bundleScript.js';

const CONTENT = new Uint8Array(400_000).fill(5);
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');
let script: string;
let folder: string;
let server: Server;
let url = '';
let injected = 0;

beforeAll(async () => {
  script = await bundleScript(path.join(import.meta.dirname, 'faultsChild.ts'));
  // Answers slowly, and supports ranges.
  server = createServer((request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { etag: '"1"', 'content-length': CONTENT.length - start });
    const send = (at: number): void => {
      if (at >= CONTENT.length || response.destroyed) response.end();
      else response.write(CONTENT.subarray(at, at + 40_000), () => setTimeout(send, 10, at + 40_000));
    };
    send(start);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${DIGEST}`;
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'faults-'));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  console.log(`\nfaults injected: ${injected} kills, full disks and refused writes`);
});

/** Runs the child and kills it some milliseconds after it began to write. Returns its output. */
async function run(
  what: string,
  { into = folder, killAfter, times = 'Infinity', as }: { into?: string; killAfter?: number; times?: string; as?: number } = {},
): Promise<string> {
  const child = spawn(process.execPath, [script, what, into, url, times], {
    stdio: ['ignore', 'pipe', 'ignore'],
    ...(as === undefined ? {} : { uid: as, gid: as }),
  });
  let said = '';
  const armed = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), 1500 + killAfter);
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(armed);
  return said;
}

const isWhole: Record<string, () => Promise<void>> = {
  checkpoint: async () => {
    for (const name of await Promise.resolve(named('run.safetensors'))) expect(readCheckpoint(readFileSync(name)).weights.size).toBe(1);
  },
  model: async () => {
    for (const name of named('model')) expect((await readWeightFile(name)).size).toBe(8);
  },
  records: async () => {
    for (const name of named('train-00000-of-00001')) {
      let count = 0;
      for await (const record of readTFRecords([readFileSync(name)])) count += Math.min(1, record.data.length);
      expect(count).toBe(20);
    }
  },
  download: async () => {
    for (const name of await Promise.resolve(named(DIGEST)))
      expect(createHash('sha256').update(readFileSync(name)).digest('hex')).toBe(DIGEST);
  },
};
const named = (name: string): string[] =>
  readdirSync(folder)
    .filter((each) => each === name)
    .map((each) => path.join(folder, each));

describe.each(Object.keys(isWhole))('%s', (what) => {
  test('leaves a complete file or none when killed, and the next run writes it', async () => {
    const random = createRandom(what.length);
    for (let kill = 0; kill < 4; kill++) {
      await run(what, { killAfter: random.integer(700) });
      injected += 1;
      await isWhole[what]!();
    }
    expect(await run(what, { times: '1' })).toContain('written');
    await isWhole[what]!();
  });

  test('names a folder that is not writable', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root, to become somebody else');
    const closed = path.join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(folder, 0o755);
    chmodSync(closed, 0o555);
    const said = await run(what, { into: closed, times: '1', as: 65534 });
    injected += 1;
    expect(said).toMatch(/^refused (Data|Weights)Error: .*closed/);
  });

  test('reports a full disk by name and leaves no incomplete file', async ({ skip }) => {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', folder]).status !== 0)
      skip('mounting a tmpfs is not permitted here');
    try {
      // The tiny model would fit.
      const said = await run(what === 'model' ? 'records' : what, { times: '1' });
      injected += 1;
      expect(said).toMatch(/^refused (Data|Weights)Error: /);
      expect(readdirSync(folder).filter((name) => !name.includes('part') && !name.endsWith('.tmp'))).toEqual([]);
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  test('writes to a folder with a long name in any script', async () => {
    const deep = path.join(folder, 'Ελληνικά 日本語 😀', 'x'.repeat(200), 'y'.repeat(200));
    expect(await run(what, { into: deep, times: '1' })).toContain('written');
    rmSync(folder, { recursive: true });
  });
});

test('three processes that share a cache all get the complete file', async () => {
  const said = await Promise.all(Array.from({ length: 3 }, () => run('download', { times: '1' })));
  expect(said).toEqual(['written\n', 'written\n', 'written\n']);
  expect(readdirSync(folder)).toEqual([DIGEST]);
});
