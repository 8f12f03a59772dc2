// Measures how reading scales with threads: imageWorkers with N threads against torchvision's DataLoader with N processes, in turns. Ratios
// are our rate divided by torchvision's.
// npm run bench:threads -- FOLDER 1,2,4,8          a folder with one sub-folder of images per class, some thousands for many threads
// All results are written to bench/pipeline/scaling.json. bench/pipeline/setup.sh sets torchvision up.

import { availableParallelism } from 'node:os';
import { build } from 'esbuild';
import { describeMachine } from '../support/machine.js';
import { fromRoot, TORCH_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { formatRatio, printTable, writeResults } from '../support/results.js';

const [folder, counts = `1,${availableParallelism()}`] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with one sub-folder of images per class: npm run bench:threads -- FOLDER');

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const ours = fromRoot('.cache/pipeline.js');

function rate(command: readonly string[]): number | string {
  const outcome = runProcess(command, { setup: 'run bench/pipeline/setup.sh' }) as { readonly rate: number } | string;
  return typeof outcome === 'string' ? outcome : Math.round(outcome.rate);
}

const machine = describeMachine(['sharp', '@tensorflow/tfjs-core']);
await build({ entryPoints: [here('ours.ts')], outfile: ours, platform: 'node', format: 'esm', target: 'es2022' });
const results = [];
const rows: string[][] = [];
for (const threads of counts.split(',')) {
  for (const task of ['resize', 'augment']) {
    const row = {
      task,
      threads: Number(threads),
      ours: rate([process.execPath, ours, folder, task, `threads=${threads}`]),
      torchvision: rate([TORCH_PYTHON, here('torch_loader.py'), folder, task, threads]),
    };
    const ratio = typeof row.ours === 'string' || typeof row.torchvision === 'string' ? '' : formatRatio(row.ours / row.torchvision);
    rows.push([threads, task, String(row.ours), String(row.torchvision), ratio]);
    results.push(row);
  }
}
printTable('Images per second', ['threads', 'task', 'effnet-ts', 'torchvision', 'effnet-ts / torchvision'], rows);
await writeResults(new URL('scaling.json', import.meta.url), { machine, results });
