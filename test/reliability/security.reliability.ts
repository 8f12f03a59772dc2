// The promises of SECURITY.md: no code generated from strings, no network access unless requested, no shell.

import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bundleScript } from '../support/bundleScript.js';

test('every entry works without code generation from strings and without network access', async () => {
  const script = await bundleScript(path.join(import.meta.dirname, 'securityChild.ts'));
  const { stdout, stderr } = spawnSync(process.execPath, ['--disallow-code-generation-from-strings', script], { encoding: 'utf8' });
  expect(JSON.parse(stdout === '' ? JSON.stringify(stderr) : (stdout.trim().split('\n').at(-1) ?? ''))).toEqual({
    backend: 'wasm',
    isCodeMade: false,
    reached: [],
    names: 1000,
  });
});

test('no source file starts a process, evaluates code or opens a connection, except to download and to serve', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort();
  const found = sources.flatMap((name) => {
    const text = readFileSync(path.join('src', name), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    // Some messages mention fetch(.
    const code = text.replaceAll(/(['"]|\\`)(?:(?!\1).)*\1/g, '');
    const hits = [
      ...(text.match(/child_process|node:vm|node:https?|node:net|node:dgram/g) ?? []),
      ...(code.match(/\beval\(|new Function\(|\bfetch\(|XMLHttpRequest|new WebSocket/g) ?? []),
    ];
    return hits.map((hit) => `${name}: ${hit}`);
  });
  expect(found).toEqual([
    // `effnet-ts serve` listens on an address that the user chooses.
    'cli/serve/handleRequest.ts: node:http',
    'cli/serve/openService.ts: node:http',
    'cli/serve/openService.ts: node:net',
    'cli/serve/readUpload.ts: node:http',
    'cli/serve/uploadPage.ts: fetch(',
    'data/browserImages.ts: fetch(',
    'models/modelSources.ts: fetch(',
    'node/weights/download.ts: fetch(',
    'node/weights/hub/hubMetadata.ts: fetch(',
    'weights/fetchFile.ts: fetch(',
  ]);
});

test('npm audit reports no vulnerability in the dependencies', ({ skip }) => {
  let report: string;
  try {
    report = execFileSync('npm', ['audit', '--omit=dev', '--omit=peer', '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    report = (error as { readonly stdout?: string }).stdout ?? '';
  }
  const { metadata } = (report.startsWith('{') ? JSON.parse(report) : {}) as { metadata?: { vulnerabilities: { total: number } } };
  if (metadata === undefined) skip("the registry's advisories are not reachable");
  expect(metadata?.vulnerabilities.total).toBe(0);
});
