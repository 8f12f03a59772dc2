// The output of npm itself in this repository.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('npm reads the project without a warning', async () => {
  // npm passes its own settings to what it runs: without them it starts as in a terminal.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')));
  const { stdout, stderr } = await promisify(execFile)('npm', ['pkg', 'get', 'name'], { cwd: ROOT, env });
  expect([stdout.trim(), stderr]).toEqual(['"effnet-ts"', '']);
});

test('every install script of a dependency is allowed or denied, and the one that downloads a GPU engine is denied', async () => {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const { allowScripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { allowScripts: Record<string, boolean> };
  const withScripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([folder]) => folder.split('node_modules/').at(-1));
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(withScripts)].sort());
  expect(allowScripts['onnxruntime-node']).toBe(false);
});

test('the page, the issues and the sources are those of one repository, which the links of README.md follow on npm', async () => {
  const { homepage, bugs, repository } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    homepage: string;
    bugs: string;
    repository: { url: string };
  };
  const base = /^git\+(https:\/\/github\.com\/[^/]+\/effnet-ts)\.git$/.exec(repository.url)?.[1];
  expect(base).toBeDefined();
  expect([homepage, bugs]).toEqual([`${base}#readme`, `${base}/issues`]);
  expect((await readFile(join(ROOT, 'README.md'), 'utf8')).match(/!\[[^\]]*\]\((?!https:)[^)]*\)/g)).toBeNull();
});
