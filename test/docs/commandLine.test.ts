// Types the command lines of docs/command-line.md in order, in a folder with photos of three kinds of clothes, and compares their output.
// `...` stands for any text. Fine-tuning, which takes longest, is shortened.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { run } from '../support/commandLine.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const page = readFileSync(path.join(ROOT, 'docs', 'command-line.md'), 'utf8');
const transcripts = [...page.matchAll(/^```console\n\$ npx effnet-ts ([^\n]*)\n(.*?)^```/gms)].map(([, line = '', output = '']) => ({
  line,
  output,
}));
const start = process.cwd();
let folder: string;

beforeAll(() => {
  execFileSync(path.join(ROOT, 'node_modules', '.bin', 'tsx'), [path.join(ROOT, 'scripts', 'buildLite0.ts')], { cwd: ROOT });
  folder = mkdtempSync(path.join(tmpdir(), 'command-line-'));
  const clothes = path.join(ROOT, 'examples', 'data', 'clothing', 'train');
  for (const name of ['hat', 'pants', 'shoes']) {
    for (const file of readdirSync(path.join(clothes, name)).sort().slice(0, 8)) {
      cpSync(path.join(clothes, name, file), path.join(folder, 'photos', name, file));
    }
  }
  cpSync(path.join(ROOT, 'packages', 'lite0', 'photo.jpg'), path.join(folder, 'photo.jpg'));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(start);
  rmSync(folder, { recursive: true });
});

test.each(transcripts)('$line', { timeout: 180_000 }, async ({ line, output }) => {
  const words = line.split(' ');
  const { code, stdout, stderr } = await run(...words, ...(words[0] === 'train' ? ['--fine-tune-epochs', '1', '--threads', '1'] : []));
  expect(code, stderr).toBe(0);
  const pattern = output
    .trimEnd()
    .split('...')
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]*');
  expect(stdout.trimEnd()).toMatch(new RegExp(`^${pattern}$`));
});

test('the report that the page speaks of exists, and what was kept for a resumed training does not', () => {
  expect(existsSync(path.join(folder, 'models', 'clothes', 'report.html'))).toBe(true);
  expect(existsSync(path.join(folder, 'models', 'clothes.training'))).toBe(false);
});

test('the page has a section or a row for every command', () => {
  for (const { name } of COMMANDS) expect(page).toMatch(new RegExp(`^\\| \`${name} `, 'm'));
});
