// Measures one training step of B0: fineTune of this library on wasm, with worker threads, with ONNX Runtime for the frozen layers and with
// cached features, against Keras and PyTorch with timm. The programs take turns, so that other load on the machine affects them equally.
// Ratios compare medians of the same round.
// npm run bench:training                                                   all modes, 96 and 224 pixels, three rounds; about an hour
// npm run bench:training -- --modes block5a --sizes 224 --rounds 2         about two minutes on two idle cores
// npm run bench:training -- --programs wasm,threads,torch --steps 4        programs by their keys (PROGRAMS below), and steps per round
// Needs idle cores: beside other work, the waiting threads of PyTorch slow it down several times (OMP_WAIT_POLICY=passive avoids that).
// A program that is not set up (bench/training/setup.sh) is reported as missing. A run without options writes all results to
// bench/training/results.json.

import { parseArgs } from 'node:util';
import { buildScript } from '../support/buildScript.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { CACHE, KERAS_PYTHON, TORCH_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { formatRatios, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios, quantile, round } from '../support/statistics.js';
import { hasFrozenPart, MODES, type Mode, type StepCase, type StepOutcome } from './modes.js';

const BATCH = 8;
const WARMUP = 3;
const { values: given } = parseArgs({
  options: {
    modes: { type: 'string' },
    sizes: { type: 'string' },
    rounds: { type: 'string' },
    steps: { type: 'string' },
    programs: { type: 'string' },
  },
});
const modes = (given.modes?.split(',') ?? Object.keys(MODES)) as Mode[];
const unknown = modes.find((mode) => !(mode in MODES));
if (unknown !== undefined) throw new Error(`There is no mode '${unknown}'. The modes are ${Object.keys(MODES).join(', ')}.`);
const sizes = (given.sizes ?? '96,224').split(',').map(Number);
const rounds = Number(given.rounds ?? 3);
const steps = Number(given.steps ?? 8);

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const own = [process.execPath, await buildScript(here('step.ts'))];
const stock = [process.execPath, await buildScript(here('stockStep.ts'))];
const keras = [KERAS_PYTHON, here('keras_step.py')];
const torch = [TORCH_PYTHON, here('torch_step.py')];
const binding = `${CACHE}node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node`;
const partial = hasFrozenPart;
const whole = (mode: Mode): boolean => mode === 'all-trained';
const always = (): boolean => true;

interface Program {
  readonly key: string;
  readonly name: string;
  readonly command: readonly string[];
  /** A file that must exist besides the program. */
  readonly needs?: string;
  readonly runs: (mode: Mode) => boolean;
  readonly options?: Partial<StepCase>;
}

const PROGRAMS: readonly Program[] = [
  { key: 'wasm', name: 'effnet-ts, wasm, 1 thread', command: own, runs: always },
  { key: 'threads', name: 'effnet-ts, worker threads', command: own, runs: always, options: { threads: 'all' } },
  { key: 'runtime', name: 'effnet-ts, ONNX Runtime below', command: own, runs: partial, options: { runtime: true } },
  {
    key: 'both',
    name: 'effnet-ts, ONNX Runtime below, worker threads',
    command: own,
    runs: partial,
    options: { runtime: true, threads: 'all' },
  },
  {
    key: 'cached',
    name: 'effnet-ts, cached activations, worker threads',
    command: own,
    runs: partial,
    options: { runtime: true, threads: 'all', cached: true },
  },
  { key: 'tensorflow', name: 'effnet-ts, tfjs-node', command: own, needs: binding, runs: whole, options: { backend: 'tensorflow' } },
  { key: 'stock', name: 'stock layers, tfjs-node', command: stock, needs: binding, runs: whole },
  { key: 'keras', name: 'Keras', command: keras, runs: always },
  { key: 'torch', name: 'PyTorch, timm', command: torch, runs: always },
  { key: 'keras-cached', name: 'Keras, cached by hand', command: keras, runs: partial, options: { cached: true } },
  { key: 'torch-cached', name: 'PyTorch, cached by hand', command: torch, runs: partial, options: { cached: true } },
];
const chosen = PROGRAMS.filter(({ key }) => given.programs?.split(',').includes(key) ?? true);

/** Runs the steps in a process of their own. Returns the reason if there is no result. */
function measure({ command, needs, options }: Program, mode: Mode, size: number): StepOutcome | string {
  const stepCase: StepCase = { mode, size, batch: BATCH, warmup: WARMUP, steps, ...options };
  const outcome = runProcess([...command, JSON.stringify(stepCase)], {
    ...(needs === undefined ? {} : { needs }),
    setup: 'run bench/training/setup.sh',
  }) as StepOutcome | { readonly missing: string } | string;
  return typeof outcome === 'object' && 'missing' in outcome ? `missing: ${outcome.missing}` : outcome;
}

const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'onnxruntime-node']);
const results: unknown[] = [];
for (const mode of modes) for (const size of sizes) results.push(...compare(mode, size));
if (Object.keys(given).length === 0) {
  await writeResults(new URL('results.json', import.meta.url), {
    machine,
    settings: { batch: BATCH, warmup: WARMUP, steps, rounds },
    results,
  });
} else {
  console.log(`\n${machineLine(machine)}`);
}

/** Measures all programs in one mode and prints a table. */
function compare(mode: Mode, size: number): unknown[] {
  const programs = chosen.filter(({ runs }) => runs(mode));
  const collected = new Map<string, (StepOutcome | string)[]>(programs.map(({ key }) => [key, []]));
  for (let turn = 1; turn <= rounds; turn++) {
    for (const program of programs) {
      console.error(`${mode}, ${size} px, round ${turn}: ${program.name}`);
      collected.get(program.key)?.push(measure(program, mode, size));
    }
  }
  const mediansOf = (key: string): number[] =>
    (collected.get(key) ?? []).map((outcome) => (typeof outcome === 'string' ? NaN : median(outcome.milliseconds)));
  const rows: string[][] = [];
  const entries = programs.map(({ key, name }) => {
    const outcomes = collected.get(key) ?? [];
    const good = outcomes.filter((outcome) => typeof outcome !== 'string');
    const [first] = good;
    if (first === undefined) {
      const reason = outcomes.find((outcome) => typeof outcome === 'string') ?? '';
      rows.push([name, reason]);
      return { mode, size, program: name, reason };
    }
    const all = good.flatMap(({ milliseconds }) => milliseconds);
    const processor = median(good.flatMap((outcome) => outcome.processor));
    const [ofKeras, ofTorch, ofWasm] = ['keras', 'torch', 'wasm'].map((other) => pairRatios(mediansOf(key), mediansOf(other)));
    const peakMegabytes = Math.max(...good.map((outcome) => outcome.peakMegabytes));
    rows.push([
      name,
      median(all).toFixed(0),
      formatSpread(all),
      Math.min(...all).toFixed(0),
      processor.toFixed(0),
      ...[ofKeras, ofTorch, ofWasm].map((ratios = []) => formatRatios(ratios)),
      String(peakMegabytes),
      first.version,
    ]);
    return {
      mode,
      size,
      program: name,
      version: first.version,
      median: Math.round(median(all)),
      low: Math.round(quantile(all, 0.1)),
      high: Math.round(quantile(all, 0.9)),
      fastest: Math.round(Math.min(...all)),
      processor: Math.round(processor),
      ratios: { keras: spreadOf(ofKeras), torch: spreadOf(ofTorch), wasm: spreadOf(ofWasm) },
      peakMegabytes,
      rounds: good.map(({ milliseconds }) => milliseconds.map(Math.round)),
    };
  });
  printTable(
    `B0, ${size} px, batch ${BATCH}, 10 classes, ${MODES[mode].title}, SGD; milliseconds per step`,
    [
      'program',
      'median',
      '10 %-90 %',
      'fastest',
      'processor time',
      "time / Keras'",
      "time / PyTorch's",
      'time / wasm, 1 thread',
      'peak memory, MB',
      'version',
    ],
    rows,
  );
  return entries;
}

/** The median of ratios with the lowest and the highest, or null without ratios. */
function spreadOf(ratios: readonly number[] = []): object | null {
  if (ratios.length === 0) return null;
  return { median: round(median(ratios)), lowest: round(Math.min(...ratios)), highest: round(Math.max(...ratios)) };
}
