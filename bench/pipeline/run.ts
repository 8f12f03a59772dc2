// Measures how many images per second a pipeline decodes, resizes to 224, augments, and returns in batches of 32: this library, with and
// without imageWorkers, against tf.data, torchvision's DataLoader, and sharp alone, which makes no batches. All take turns, so that
// other load on the machine affects them equally. Ratios are our rate divided by theirs.
// npm run bench:pipeline -- FOLDER            a folder of JPEGs with one sub-folder per class; five rounds, some fifteen minutes
// npm run bench:pipeline -- FOLDER 7          rounds
// npm run bench:pipeline -- FOLDER 3 memory   reads the folder 20 times and prints the resident set
// A program that is not set up (bench/pipeline/setup.sh) is reported as missing. All results are written to bench/pipeline/results.json.

import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { describeMachine } from '../support/machine.js';
import { fromRoot, KERAS_PYTHON, TORCH_PYTHON } from '../support/paths.js';
import { runProcess, tsxCommand } from '../support/processes.js';
import { formatRatio, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const [folder, rounds = '5', memory] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with one sub-folder of images per class: npm run bench:pipeline -- FOLDER');

const here = (path: string): string => new URL(path, import.meta.url).pathname;
// Built, as an application runs: the garbage collector would also walk through the memory of a TypeScript loader.
const ours = fromRoot('.cache/pipeline.js');

interface Rival {
  readonly name: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly more?: readonly string[];
}

/** What ours.ts, sharp.ts, tfdata.py and torch_loader.py print as their last line. */
interface Outcome {
  readonly rate: number;
  /** Milliseconds of CPU time per image; null where other processes did the work. */
  readonly milliseconds: number | null;
  readonly version: string;
}

const TASKS = {
  resize: 'Decode as INTEGER_ACCURATE and resize to 224',
  'resize fast': "Decode as INTEGER_FAST (dctMethod 'fast', TensorFlow's default) and resize to 224",
  augment: 'Decode as INTEGER_ACCURATE, resize, and flip, colors, affine',
  'augment fast': 'Decode as INTEGER_FAST, resize, and flip, colors, affine',
} as const;

/** The first two of each task are this library. The others are compared with them. */
const RIVALS: readonly Rival[] = Object.keys(TASKS).flatMap((task) => [
  { name: 'effnet-ts', task, command: [process.execPath, ours] },
  { name: 'effnet-ts, imageWorkers', task, command: [process.execPath, ours], more: ['threads'] },
  ...(task === 'resize' ? [{ name: 'sharp alone', task, command: tsxCommand(here('sharp.ts')) }] : []),
  { name: 'tf.data', task, command: [KERAS_PYTHON, here('tfdata.py')] },
  // Pillow always decodes accurately, so both methods run the same here.
  { name: 'torchvision, DataLoader', task, command: [TORCH_PYTHON, here('torch_loader.py')] },
]);

function measure({ command, task, more = [] }: Rival, images: string): Outcome | string {
  return runProcess([...command, images, ...task.split(' '), ...more], { setup: 'run bench/pipeline/setup.sh' }) as Outcome | string;
}

if (memory === 'memory') {
  const [program = '', ...parameters] = tsxCommand(here('memory.ts'));
  spawnSync(program, [...parameters, folder], { stdio: 'inherit' });
} else {
  await compare(folder);
}

async function compare(images: string): Promise<void> {
  const machine = describeMachine(['sharp', '@tensorflow/tfjs-core']);
  await build({ entryPoints: [here('ours.ts')], outfile: ours, platform: 'node', format: 'esm', target: 'es2022' });
  const found = new Map<Rival, (Outcome | string)[]>(RIVALS.map((rival) => [rival, []]));
  for (let round = 0; round < Number(rounds); round++) for (const rival of RIVALS) found.get(rival)?.push(measure(rival, images));
  const results = [];
  for (const [task, title] of Object.entries(TASKS)) {
    const outcomes = [...found].filter(([rival]) => rival.task === task);
    const ratesOf = (tries: readonly (Outcome | string)[]): number[] =>
      tries.map((outcome) => (typeof outcome === 'string' ? NaN : outcome.rate));
    const own = outcomes.slice(0, 2).map(([, tries]) => ratesOf(tries));
    const rows: string[][] = [];
    for (const [{ name }, tries] of outcomes) {
      const good = tries.filter((outcome) => typeof outcome !== 'string');
      const [first] = good;
      if (first === undefined) {
        const reason = tries.find((outcome) => typeof outcome === 'string') ?? 'not measured';
        rows.push([name, reason]);
        results.push({ task, name, reason });
        continue;
      }
      const rates = good.map(({ rate }) => rate);
      const [ratio = NaN, threadsRatio = NaN] = own.map((mine) => median(pairRatios(mine, ratesOf(tries))));
      const milliseconds = first.milliseconds === null ? null : median(good.map((outcome) => outcome.milliseconds ?? NaN));
      rows.push([
        name,
        median(rates).toFixed(0),
        `${Math.min(...rates).toFixed(0)}-${Math.max(...rates).toFixed(0)}`,
        milliseconds?.toFixed(2) ?? '',
        formatRatio(ratio),
        formatRatio(threadsRatio),
      ]);
      results.push({ task, name, version: first.version, median: median(rates), rates, milliseconds, ratio, threadsRatio });
    }
    printTable(
      title,
      ['', 'images per second', 'lowest-highest', 'CPU time per image, ms', 'effnet-ts / this', 'with imageWorkers / this'],
      rows,
    );
  }
  await writeResults(new URL('results.json', import.meta.url), { machine, settings: { rounds: Number(rounds) }, results });
}
