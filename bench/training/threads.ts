// Measures how training steps of B0 scale with threads: fineTune with trainingWorkers, and PyTorch with as many threads. Batch 32, 224
// pixels. Both take turns. One thread is fineTune without workers. The memory of WebAssembly ends at 4 GB per thread, which is enough for
// about 16 images of 224 pixels with everything trainable, so this library gets at most 8 images per thread. Times are per image.
// npm run bench:training-threads                                               1, 2, 4 and 8 threads, everything trainable
// npm run bench:training-threads -- --threads 1,2 --mode block5a --rounds 1    other threads, modes (modes.ts) and rounds
// npm run bench:training-threads -- --size 96 --batch 16 --steps 3             other sizes, batches and steps per round
// npm run bench:training-threads -- --per-thread 32                            another maximum of images per thread
// npm run bench:training-threads -- --batch 8                                  peak memory with one batch for all numbers of threads
// npm run bench:training-threads -- --simulate                                 the threads take turns, see oneAfterAnother.ts
// Needs as many cores as threads, and idle. With --simulate, one core is enough, and PyTorch is left out, because its threads cannot take
// turns. A run without options writes all results to bench/training/threads.json.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { buildScript } from '../support/buildScript.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { TORCH_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { formatRatios, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';
import { hasFrozenPart, MODES, type Mode, type StepCase, type StepOutcome } from './modes.js';

const { values: given } = parseArgs({
  options: {
    threads: { type: 'string' },
    mode: { type: 'string' },
    rounds: { type: 'string' },
    size: { type: 'string' },
    batch: { type: 'string' },
    steps: { type: 'string' },
    'per-thread': { type: 'string' },
    simulate: { type: 'boolean' },
  },
});
const counts = (given.threads ?? '1,2,4,8').split(',').map(Number);
const mode = (given.mode ?? 'all') as Mode;
if (!(mode in MODES)) throw new Error(`There is no mode '${mode}'. The modes are ${Object.keys(MODES).join(', ')}.`);
const rounds = Number(given.rounds ?? 3);
const [size, batch, steps] = [Number(given.size ?? 224), Number(given.batch ?? 32), Number(given.steps ?? 5)];
const perThread = Number(given['per-thread'] ?? 8);
const WARMUP = 2;

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const ALL_PROGRAMS = [
  {
    name: 'effnet-ts',
    command: [process.execPath, await buildScript(here('step.ts'))],
    options: { runtime: hasFrozenPart(mode) },
    perThread,
  },
  { name: 'PyTorch, timm', command: [TORCH_PYTHON, here('torch_step.py')], options: {}, perThread: batch },
] as const;
const simulated = given.simulate ?? false;
const PROGRAMS = ALL_PROGRAMS.filter(({ name }) => !simulated || name === 'effnet-ts');

const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'onnxruntime-node']);
const cases = counts.flatMap((threads) =>
  PROGRAMS.map((program) => ({
    ...program,
    threads,
    images: Math.min(batch, program.perThread * threads),
    outcomes: [] as (StepOutcome | string)[],
  })),
);
for (let turn = 1; turn <= rounds; turn++) {
  for (const { name, command, options, threads, images, outcomes } of cases) {
    console.error(`round ${turn}: ${name}, threads: ${threads}`);
    const stepCase: StepCase = { mode, size, batch: images, warmup: WARMUP, steps, ...options, threads, simulated };
    const outcome = runProcess([...command, JSON.stringify(stepCase)], { setup: 'run bench/training/setup.sh' });
    outcomes.push(outcome as StepOutcome | string);
  }
}

/** Returns the milliseconds per image in each round. */
function mediansOf(program: string, count: number): number[] {
  const found = cases.find(({ name, threads }) => name === program && threads === count);
  return (found?.outcomes ?? []).map((outcome) =>
    typeof outcome === 'string' ? NaN : median(outcome.milliseconds) / (found?.images ?? 1),
  );
}

const rows = cases.map(({ name, threads, images, outcomes }) => {
  const good = outcomes.filter((outcome) => typeof outcome !== 'string');
  const [first] = good;
  if (first === undefined) return [String(threads), name, String(images), outcomes.find((outcome) => typeof outcome === 'string') ?? ''];
  const all = good.flatMap(({ milliseconds }) => milliseconds.map((value) => value / images));
  const ours = mediansOf(name, threads);
  return [
    String(threads),
    name,
    String(images),
    median(all).toFixed(1),
    formatSpread(all, 1),
    (median(good.flatMap(({ processor }) => processor)) / images).toFixed(1),
    formatRatios(pairRatios(mediansOf(name, 1), ours)),
    formatRatios(pairRatios(ours, mediansOf('PyTorch, timm', threads))),
    String(Math.max(...good.map(({ peakMegabytes }) => peakMegabytes))),
  ];
});
printTable(
  `B0, ${size} px, ${MODES[mode].title}; milliseconds per image and step on ${simulated ? 'simulated' : availableParallelism()} cores`,
  [
    'threads',
    'program',
    'batch',
    'median',
    '10 %-90 %',
    'processor time',
    'speedup over one thread',
    "time / PyTorch's",
    'peak memory, MB',
  ],
  rows,
);
if (Object.keys(given).length === 0) {
  await writeResults(new URL('threads.json', import.meta.url), {
    machine,
    settings: { mode, size, batch, perThread, warmup: WARMUP, steps, rounds },
    results: cases.map(({ name, threads, images, outcomes }) => ({ program: name, threads, batch: images, outcomes })),
  });
} else {
  console.log(`\n${machineLine(machine)}`);
}
