// How does reading scale with threads? imageWorkers of so many threads beside torchvision's DataLoader of as many processes, in turns.
// npm run bench:threads -- FOLDER 1,2,4,8          a folder with one sub-folder of pictures a class, some thousands for many threads
// The figures go to bench/pipeline/scaling.json too. bench/pipeline/setup.sh sets the rival up.

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus } from 'node:os';
import { build } from 'esbuild';

const [folder, counts = `1,${availableParallelism()}`] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with one sub-folder of pictures a class: npm run bench:threads -- FOLDER');

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const ours = here('../../.cache/pipeline.js');
const python = process.env['TORCH_PYTHON'] ?? here('../../.cache/bench/venv/bin/python');

function rate(program: string, parameters: readonly string[]): number | string {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (error !== undefined) return 'missing: run bench/pipeline/setup.sh';
  if (status !== 0) return `failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
  return Math.round((JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly rate: number }).rate);
}

await build({ entryPoints: [here('ours.ts')], outfile: ours, platform: 'node', format: 'esm', target: 'es2022' });
const results = [];
for (const threads of counts.split(',')) {
  for (const task of ['resize', 'augment']) {
    const row = {
      task, threads: Number(threads),
      ours: rate(process.execPath, [ours, folder, task, `threads=${threads}`]),
      torchvision: rate(python, [here('torch_loader.py'), folder, task, threads]),
    };
    console.log(`${task} with ${threads}: effnet-ts ${row.ours}, torchvision ${row.torchvision} pictures a second`);
    results.push(row);
  }
}
const machine = { processor: cpus()[0]?.model, threads: availableParallelism(), arch: arch(), node: process.version };
await writeFile(here('scaling.json'), `${JSON.stringify({ machine, results }, null, 1)}\n`);
