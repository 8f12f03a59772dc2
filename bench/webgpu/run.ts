// Measures WebGPU in Node, through Dawn (npm `webgpu`) and TensorFlow.js' WebGPU backend: this library's models, folded and as built,
// against stock layers on the same GPU, wasm, and PyTorch on CUDA. Each case runs in a process of its own. Ratios are the time divided by
// that of stock layers.
// npm install --no-save webgpu && npm run bench:webgpu    needs a driver for Vulkan, Metal or Direct3D 12; three minutes
// npm run bench:webgpu -- predict train                   parts: probe, predict, train, torch
// GPU_PYTHON=python3 names an environment with PyTorch for CUDA and timm. All results are written to bench/webgpu/results.json.

import { describeMachine } from '../support/machine.js';
import { runProcess, tsxCommand } from '../support/processes.js';
import { formatRatio, printTable, writeResults } from '../support/results.js';
import { median, round } from '../support/statistics.js';

const asked = process.argv.slice(2);
const parts = asked.length === 0 ? ['probe', 'predict', 'train', 'torch'] : asked;
const here = (file: string): string => new URL(file, import.meta.url).pathname;

/** What one process prints as its last line. */
interface Outcome extends Readonly<Record<string, unknown>> {
  readonly milliseconds?: readonly number[];
}

interface Result extends Outcome {
  readonly name: string;
  readonly median?: number;
}

function run(command: readonly string[]): Outcome {
  const outcome = runProcess(command, { setup: 'npm install --no-save webgpu; GPU_PYTHON', timeout: 120_000 }) as Outcome | string;
  return typeof outcome === 'string' ? { failed: outcome } : outcome;
}

const machine = describeMachine(['webgpu', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', '@tensorflow/tfjs-backend-wasm']);
const results: Result[] = [];

function record(name: string, outcome: Outcome): void {
  const { milliseconds = [], ...rest } = outcome;
  const middle = milliseconds.length === 0 ? {} : { median: round(median(milliseconds)) };
  console.error(`${name} ${JSON.stringify({ ...middle, ...rest })}`);
  results.push({ name, ...middle, ...outcome });
}

// Bundled into one file, this benchmark also runs without the repository; case.js lies beside it then.
const oneCase = import.meta.url.endsWith('.ts') ? tsxCommand(here('case.ts')) : [process.execPath, ...process.execArgv, here('case.js')];
const measure = (...parameters: readonly string[]): void => {
  record(parameters.join(' '), run([...oneCase, ...parameters]));
};

if (parts.includes('probe')) measure('probe', 'webgpu');
if (parts.includes('predict')) {
  for (const [variant, size, batches] of [
    ['b0', '224', ['1', '8', '128']],
    ['b4', '380', ['1', '8']],
    ['lite0', '224', ['1', '32']],
  ] as const) {
    for (const batch of batches) for (const kind of ['folded', 'built', 'stock']) measure('predict', 'webgpu', kind, variant, size, batch);
  }
  for (const batch of ['1', '8']) measure('predict', 'wasm', 'folded', 'b0', '224', batch);
}
if (parts.includes('train')) {
  for (const size of ['96', '224'])
    for (const batch of ['8', '32']) for (const kind of ['built', 'stock']) measure('train', 'webgpu', kind, 'b0', size, batch);
  measure('train', 'wasm', 'built', 'b0', '96', '8');
}
if (parts.includes('torch')) {
  const { rows, ...versions } = run([process.env['GPU_PYTHON'] ?? 'python3', here('torch_gpu.py')]) as Outcome & {
    readonly rows?: readonly (Outcome & { readonly name: string })[];
  };
  for (const { name, ...row } of rows ?? []) record(`PyTorch: ${name}`, row);
  record('PyTorch', versions);
}

/** Finds the same work with stock layers on WebGPU. */
function stockOf({ name }: Result): Result | undefined {
  const stock = name.replace(/^PyTorch: (predict|train)/, '$1 webgpu stock').replace(/ (webgpu|wasm) (folded|built) /, ' webgpu stock ');
  return results.find((result) => result.name === stock);
}

printTable(
  'Milliseconds, medians',
  ['case', 'median', 'time / time of stock layers on WebGPU'],
  results.map((result) => {
    const stock = stockOf(result)?.median;
    if (result.median === undefined) return [result.name, typeof result['failed'] === 'string' ? result['failed'] : ''];
    return [result.name, result.median.toFixed(1), stock === undefined ? '' : formatRatio(result.median / stock)];
  }),
);
await writeResults(new URL('results.json', import.meta.url), { machine, results });
