// How many pictures a second do pipelines decode and resize to 224, augment, and hand over in batches of 32? One run of all, in turns, so that noise
// meets them alike; sharp alone makes no batches.
// npm run bench:pipeline -- FOLDER            a folder of JPEGs with one sub-folder a class; five rounds, some fifteen minutes
// npm run bench:pipeline -- FOLDER 7          rounds
// npm run bench:pipeline -- FOLDER 3 memory   reads the folder 20 times over and prints the resident set
// A rival that is not set up (bench/pipeline/setup.sh) is reported as missing. The figures go to bench/pipeline/results.json too.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { build } from 'esbuild';
import sharp from 'sharp';

const [folder, rounds = '5', memory] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with one sub-folder of pictures a class: npm run bench:pipeline -- FOLDER');

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const venv = here('../../.cache/bench/venv/bin/python');
const [kerasPython, torchPython] = [process.env['KERAS_PYTHON'] ?? venv, process.env['TORCH_PYTHON'] ?? venv];
// As an application runs: built, without a loader beside it whose memory the garbage collector walks through, too.
const ours = here('../../.cache/pipeline.js');

interface Rival {
  readonly name: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly more?: readonly string[];
}

/** What ours.ts, sharp.ts, tfdata.py and torch_loader.py print as their last line. */
interface Outcome {
  readonly rate: number;
  /** Processor time a picture; null where other processes did the work. */
  readonly milliseconds: number | null;
  readonly version: string;
}

/** The first two of each task are the ones whose rivals follow. */
const TASKS = {
  resize: 'Decode as INTEGER_ACCURATE and resize to 224',
  'resize fast': "Decode as INTEGER_FAST (dctMethod 'fast', TensorFlow's default) and resize to 224",
  augment: 'Decode as INTEGER_ACCURATE, resize, and flip, colors, affine',
  'augment fast': 'Decode as INTEGER_FAST, resize, and flip, colors, affine',
} as const;

const RIVALS: readonly Rival[] = Object.keys(TASKS).flatMap((task) => [
  { name: 'effnet-ts', task, command: [process.execPath, ours] },
  { name: 'effnet-ts, imageWorkers', task, command: [process.execPath, ours], more: ['threads'] },
  ...(task === 'resize' ? [{ name: 'sharp alone', task, command: [process.execPath, '--import', 'tsx', here('sharp.ts')] }] : []),
  { name: 'tf.data', task, command: [kerasPython, here('tfdata.py')] },
  // Pillow decodes accurately only, whatever is asked.
  { name: 'torchvision, DataLoader', task, command: [torchPython, here('torch_loader.py')] },
]);

function measure({ command, task, more = [] }: Rival): Outcome | string {
  const [program = '', ...parameters] = command;
  if (!existsSync(program)) return 'missing: run bench/pipeline/setup.sh';
  const { status, stdout, stderr } = spawnSync(program, [...parameters, folder as string, ...task.split(' '), ...more], { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome) : `failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

if (memory === 'memory') {
  spawnSync(process.execPath, ['--import', 'tsx', here('memory.ts'), folder], { stdio: 'inherit' });
} else {
  const machine = { processor: cpus()[0]?.model, threads: availableParallelism(), arch: arch(), gigabytes: Math.round(totalmem() / 2 ** 30), node: process.version, sharp: sharp.versions.sharp, load: loadavg()[0] ?? NaN };
  console.log(`${machine.threads} x ${machine.processor ?? ''}, ${machine.arch}, Node ${machine.node}, sharp ${machine.sharp}, load before: ${machine.load.toFixed(1)}`);
  await build({ entryPoints: [here('ours.ts')], outfile: ours, platform: 'node', format: 'esm', target: 'es2022' });
  const found = new Map<Rival, (Outcome | string)[]>(RIVALS.map((rival) => [rival, []]));
  for (let round = 0; round < Number(rounds); round++) for (const rival of RIVALS) found.get(rival)?.push(measure(rival));
  const results = [];
  for (const [task, title] of Object.entries(TASKS)) {
    console.log(`\n${title}: pictures a second, median [lowest-highest]; processor time a picture; effnet-ts / this and with imageWorkers / this, medians of the pairs`);
    const outcomes = [...found].filter(([rival]) => rival.task === task);
    const own = outcomes.slice(0, 2).map(([, tries]) => tries.map((outcome) => (typeof outcome === 'string' ? NaN : outcome.rate)));
    for (const [{ name }, tries] of outcomes) {
      const good = tries.filter((outcome) => typeof outcome !== 'string');
      const [first] = good;
      if (first === undefined) {
        const reason = tries.find((outcome) => typeof outcome === 'string') ?? 'not measured';
        console.log(`  ${name.padEnd(26)}${reason}`);
        results.push({ task, name, reason });
        continue;
      }
      const rates = good.map(({ rate }) => rate);
      const [ratio, threadsRatio] = own.map((ours) => median(tries.flatMap((outcome, round) => (typeof outcome === 'string' ? [] : [(ours[round] ?? NaN) / outcome.rate])))) as [number, number];
      const milliseconds = first.milliseconds === null ? null : median(good.map((outcome) => outcome.milliseconds ?? NaN));
      const spread = `[${Math.min(...rates).toFixed(0)}-${Math.max(...rates).toFixed(0)}]`;
      console.log(`  ${name.padEnd(26)}${median(rates).toFixed(0).padStart(6)} ${spread.padEnd(12)}${milliseconds === null ? ''.padStart(9) : `${milliseconds.toFixed(2).padStart(6)} ms`}   ${ratio.toFixed(2)}  ${threadsRatio.toFixed(2)}`);
      results.push({ task, name, version: first.version, median: median(rates), rates, milliseconds, ratio, threadsRatio });
    }
  }
  await writeFile(here('results.json'), `${JSON.stringify({ machine, rounds: Number(rounds), results }, null, 1)}\n`);
}
