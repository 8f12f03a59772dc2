// Which runtime trains B0 how fast? One run of all, in turns, so that noise meets them alike.
// npm run bench:training                  all runtimes, 96 and 224 pixels, about ten minutes on two cores
// npm run bench:training -- 96 1          sizes and rounds
// A rival that is not set up (bench/training/setup.sh) is reported as missing. The figures go to bench/training/results.json too.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { arch, cpus, loadavg, totalmem } from 'node:os';

const BATCH = 8;
const WARMUP = 3;
const STEPS = 8;
const [sizes = '96,224', rounds = '3'] = process.argv.slice(2);

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const venv = here('../../.cache/bench/venv/bin/python');
const [kerasPython, torchPython] = [process.env['KERAS_PYTHON'] ?? venv, process.env['TORCH_PYTHON'] ?? venv];
const binding = here('../../.cache/bench/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node');
const step = [process.execPath, '--import', 'tsx', here('step.ts')];

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
  { name: 'Keras', needs: kerasPython, command: [kerasPython, here('keras_step.py')] },
  { name: 'PyTorch, timm', needs: torchPython, command: [torchPython, here('torch_step.py')] },
];

interface Outcome {
  readonly milliseconds: readonly number[];
  readonly version: string;
  readonly peakMegabytes: number;
}

function measure(runtime: Runtime, size: number): Outcome | string {
  if (!existsSync(runtime.needs)) return 'missing: run bench/training/setup.sh';
  const [file = '', ...parameters] = runtime.command;
  const { status, stdout, stderr } = spawnSync(file, [...parameters, size, BATCH, WARMUP, STEPS].map(String), { encoding: 'utf8' });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return status === 0 ? (JSON.parse(line) as Outcome) : `failed: ${stderr.trim().split('\n').slice(-3).join(' ')}`;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

const results = [];
for (const size of sizes.split(',').map(Number)) {
  const collected = new Map<string, (Outcome | string)[]>(RUNTIMES.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const runtime of RUNTIMES) {
      collected.get(runtime.name)?.push(measure(runtime, size));
      console.error(`${size} px, round ${round + 1}: ${runtime.name}`);
    }
  }
  const medians = (name: string): number[] =>
    (collected.get(name) ?? []).map((one) => (typeof one === 'string' ? Number.NaN : quantile(one.milliseconds, 0.5)));
  const ours = medians(RUNTIMES[0]?.name ?? '');
  console.log(`\nB0, ${size} px, batch ${BATCH}, 10 classes, everything trainable, SGD; milliseconds a step\n`);
  const fastestOfOurs = Math.min(...stepsOf(collected.get(RUNTIMES[0]?.name ?? '')));
  console.log('| runtime | median | 10 %-90 % | fastest | wasm takes, of its median | of its fastest | peak memory, MB | version |\n|---|---|---|---|---|---|---|---|');
  for (const [name, outcomes] of collected) {
    const good = outcomes.filter((outcome) => typeof outcome !== 'string');
    const [first] = good;
    if (first === undefined) {
      const reason = outcomes.find((outcome) => typeof outcome === 'string') ?? '';
      console.log(`| ${name} | ${reason} | | | | | | |`);
      results.push({ size, runtime: name, reason });
      continue;
    }
    const all = stepsOf(good);
    const fastest = Math.min(...all);
    // On a busy machine the fastest step is the one least disturbed.
    const fastestRatio = round2(fastestOfOurs / fastest);
    const [median, low, high] = [0.5, 0.1, 0.9].map((share) => Math.round(quantile(all, share)));
    // Each round's neighbors are compared, then the middle of the rounds is taken.
    const ratios = medians(name).map((theirs, round) => (ours[round] ?? Number.NaN) / theirs).filter(Number.isFinite);
    const ratio = { median: round2(quantile(ratios, 0.5)), lowest: round2(quantile(ratios, 0)), highest: round2(quantile(ratios, 1)) };
    const peakMegabytes = Math.max(...good.map((outcome) => outcome.peakMegabytes));
    console.log(`| ${name} | ${median} | ${low}-${high} | ${Math.round(fastest)} | ${ratio.median} (${ratio.lowest}-${ratio.highest}) | ${fastestRatio} | ${peakMegabytes} | ${first.version} |`);
    results.push({ size, runtime: name, version: first.version, median, low, high, fastest: Math.round(fastest), ratio, fastestRatio, peakMegabytes, rounds: good.map(({ milliseconds }) => milliseconds.map(Math.round)) });
  }
}

function stepsOf(outcomes: readonly (Outcome | string)[] = []): number[] {
  return outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : outcome.milliseconds));
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

const machine = {
  cpu: cpus()[0]?.model, threads: cpus().length, architecture: arch(), gigabytes: Math.round(totalmem() / 2 ** 30), node: process.version,
  loadAtEnd: loadavg().map(round2),
};
await writeFile(here('results.json'), `${JSON.stringify({ machine, batch: BATCH, warmup: WARMUP, steps: STEPS, results }, null, 1)}\n`);
