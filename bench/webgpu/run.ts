// What does a GPU bring in Node, through Dawn (npm `webgpu`) and TensorFlow.js' WebGPU backend? Each case in a process of its own, wasm beside it.
// npm install --no-save webgpu && npm run bench:webgpu              needs a driver for Vulkan, Metal or Direct3D 12; three minutes
// npm run bench:webgpu -- predict train                             parts: probe, predict, train, torch
// GPU_PYTHON=python3 names an environment with PyTorch for CUDA and timm. The figures go to bench/webgpu/results.json too.

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { arch, cpus, totalmem } from 'node:os';

const asked = process.argv.slice(2);
const parts = asked.length === 0 ? ['probe', 'predict', 'train', 'torch'] : asked;
const here = (file: string): string => new URL(file, import.meta.url).pathname;
// The same when this file is bundled beside case.js.
const one = here(import.meta.url.endsWith('.ts') ? 'case.ts' : 'case.js');

/** What one process prints as its last line. */
type Outcome = Readonly<Record<string, unknown>> & { readonly milliseconds?: readonly number[] };

function run(program: string, parameters: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8', timeout: 120_000 });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0) return JSON.parse(line) as Outcome;
  return { failed: stderr.split('\n').find((text) => text.includes('Error')) ?? `ended with ${status ?? 'no status'}` };
}

const results: object[] = [];

function record(name: string, outcome: Outcome): void {
  const { milliseconds, ...rest } = outcome;
  const sorted = [...(milliseconds ?? [])].sort((a, b) => a - b);
  const median = sorted.length === 0 ? undefined : Math.round(100 * (sorted[sorted.length >> 1] ?? NaN)) / 100;
  console.log(`${name.padEnd(52)}${median === undefined ? '' : `${median.toFixed(1).padStart(9)} ms`}  ${JSON.stringify(rest)}`);
  results.push({ name, ...(median === undefined ? {} : { median }), ...outcome });
}

const measure = (...parameters: readonly string[]): void => {
  record(parameters.join(' '), run(process.execPath, [...process.execArgv, one, ...parameters]));
};

if (parts.includes('probe')) measure('probe', 'webgpu');
if (parts.includes('predict')) {
  for (const [variant, size, batches] of [['b0', '224', ['1', '8', '128']], ['b4', '380', ['1', '8']], ['lite0', '224', ['1', '32']]] as const) {
    for (const batch of batches) for (const kind of ['folded', 'built', 'stock']) measure('predict', 'webgpu', kind, variant, size, batch);
  }
  for (const batch of ['1', '8']) measure('predict', 'wasm', 'folded', 'b0', '224', batch);
}
if (parts.includes('train')) {
  for (const size of ['96', '224']) for (const batch of ['8', '32']) for (const kind of ['built', 'stock']) measure('train', 'webgpu', kind, 'b0', size, batch);
  measure('train', 'wasm', 'built', 'b0', '96', '8');
}
if (parts.includes('torch')) {
  const { rows, ...versions } = run(process.env['GPU_PYTHON'] ?? 'python3', [here('torch_gpu.py')]) as Outcome & { readonly rows?: readonly (Outcome & { readonly name: string })[] };
  for (const { name, ...row } of rows ?? []) record(`PyTorch: ${name}`, row);
  record('PyTorch', versions);
}

const machine = { processor: cpus()[0]?.model, threads: cpus().length, architecture: arch(), gigabytes: Math.round(totalmem() / 2 ** 30), node: process.version };
await writeFile(here('results.json'), `${JSON.stringify({ machine, results }, null, 1)}\n`);
