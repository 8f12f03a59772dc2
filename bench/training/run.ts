// Measures one training step of B0: this library on TensorFlow.js wasm against tfjs-node with our layers and with stock layers, Keras, and
// PyTorch with timm. All runtimes take turns, so that other load on the machine affects them equally. Ratios are the time on wasm
// divided by theirs.
// npm run bench:training            all runtimes, 96 and 224 pixels, about ten minutes on two cores
// npm run bench:training -- 96 1    sizes and rounds
// A runtime that is not set up (bench/training/setup.sh) is reported as missing. All results are written to bench/training/results.json.

import { describeMachine } from '../support/machine.js';
import { CACHE, KERAS_PYTHON, TORCH_PYTHON } from '../support/paths.js';
import { runProcess, tsxCommand } from '../support/processes.js';
import { formatRatio, formatRatios, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios, quantile, round } from '../support/statistics.js';

const BATCH = 8;
const WARMUP = 3;
const STEPS = 8;
const [sizes = '96,224', rounds = '3'] = process.argv.slice(2);

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const binding = `${CACHE}node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node`;
const step = tsxCommand(here('step.ts'));

interface Runtime {
  readonly name: string;
  /** What must exist for it to run. */
  readonly needs: string;
  readonly command: readonly string[];
}

const RUNTIMES: readonly Runtime[] = [
  { name: 'effnet-ts on wasm, 1 thread', needs: process.execPath, command: [...step, 'wasm', 'own'] },
  { name: 'effnet-ts on tfjs-node', needs: binding, command: [...step, 'tensorflow', 'own'] },
  { name: 'tfjs-node, stock layers', needs: binding, command: [...step, 'tensorflow', 'stock'] },
  { name: 'Keras', needs: KERAS_PYTHON, command: [KERAS_PYTHON, here('keras_step.py')] },
  { name: 'PyTorch, timm', needs: TORCH_PYTHON, command: [TORCH_PYTHON, here('torch_step.py')] },
];

interface Outcome {
  readonly milliseconds: readonly number[];
  readonly version: string;
  readonly peakMegabytes: number;
}

function measure({ needs, command }: Runtime, size: number): Outcome | string {
  return runProcess([...command, ...[size, BATCH, WARMUP, STEPS].map(String)], { needs, setup: 'run bench/training/setup.sh' }) as
    Outcome | string;
}

const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
const results = [];
for (const size of sizes.split(',').map(Number)) {
  const collected = new Map<string, (Outcome | string)[]>(RUNTIMES.map(({ name }) => [name, []]));
  for (let turn = 1; turn <= Number(rounds); turn++) {
    for (const runtime of RUNTIMES) {
      collected.get(runtime.name)?.push(measure(runtime, size));
      console.error(`${size} px, round ${turn}: ${runtime.name}`);
    }
  }
  const mediansOf = (name: string): number[] =>
    (collected.get(name) ?? []).map((outcome) => (typeof outcome === 'string' ? NaN : median(outcome.milliseconds)));
  const ours = mediansOf(RUNTIMES[0]?.name ?? '');
  const fastestOfOurs = Math.min(...stepsOf(collected.get(RUNTIMES[0]?.name ?? '')));
  const rows: string[][] = [];
  for (const [name, outcomes] of collected) {
    const good = outcomes.filter((outcome) => typeof outcome !== 'string');
    const [first] = good;
    if (first === undefined) {
      const reason = outcomes.find((outcome) => typeof outcome === 'string') ?? '';
      rows.push([name, reason]);
      results.push({ size, runtime: name, reason });
      continue;
    }
    const all = stepsOf(good);
    const fastest = Math.min(...all);
    // On a busy machine the fastest step is the one least disturbed.
    const fastestRatio = round(fastestOfOurs / fastest);
    const ratios = pairRatios(ours, mediansOf(name));
    const peakMegabytes = Math.max(...good.map((outcome) => outcome.peakMegabytes));
    rows.push([
      name,
      median(all).toFixed(0),
      formatSpread(all),
      fastest.toFixed(0),
      formatRatios(ratios),
      formatRatio(fastestRatio),
      String(peakMegabytes),
      first.version,
    ]);
    results.push({
      size,
      runtime: name,
      version: first.version,
      median: Math.round(median(all)),
      low: Math.round(quantile(all, 0.1)),
      high: Math.round(quantile(all, 0.9)),
      fastest: Math.round(fastest),
      ratio: { median: round(median(ratios)), lowest: round(Math.min(...ratios)), highest: round(Math.max(...ratios)) },
      fastestRatio,
      peakMegabytes,
      rounds: good.map(({ milliseconds }) => milliseconds.map(Math.round)),
    });
  }
  printTable(
    `B0, ${size} px, batch ${BATCH}, 10 classes, everything trainable, SGD; milliseconds per step`,
    [
      'runtime',
      'median',
      '10 %-90 %',
      'fastest',
      'time on wasm / median of this',
      'fastest on wasm / fastest of this',
      'peak memory, MB',
      'version',
    ],
    rows,
  );
}
await writeResults(new URL('results.json', import.meta.url), {
  machine,
  settings: { batch: BATCH, warmup: WARMUP, steps: STEPS },
  results,
});

function stepsOf(outcomes: readonly (Outcome | string)[] = []): number[] {
  return outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : outcome.milliseconds));
}
