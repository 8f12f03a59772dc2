// How many pictures a second do pipelines decode and resize to 224, and augment? One run of all, in turns, so that noise meets them alike.
// npm run bench:pipeline -- FOLDER            a folder with one sub-folder a class
// npm run bench:pipeline -- FOLDER 3 memory   rounds; 'memory' reads the folder 20 times over and prints the resident set
// A rival that is not set up (bench/pipeline/setup.sh) is reported as missing.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, cpus, loadavg } from 'node:os';

const [folder, rounds = '3', memory] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name a folder with one sub-folder of pictures a class: npm run bench:pipeline -- FOLDER');

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const venv = here('../../.cache/bench/venv/bin/python');
const [kerasPython, torchPython] = [process.env['KERAS_PYTHON'] ?? venv, process.env['TORCH_PYTHON'] ?? venv];
const node = [process.execPath, '--import', 'tsx'];

interface Rival {
  readonly name: string;
  readonly task: 'resize' | 'augment';
  readonly command: readonly string[];
}

const RIVALS: readonly Rival[] = (['resize', 'augment'] as const).flatMap((task) => [
  { name: 'effnet-ts', task, command: [...node, here('ours.ts')] },
  ...(task === 'resize' ? [{ name: 'sharp alone', task, command: [...node, here('sharp.ts')] }] : []),
  { name: 'tf.data, INTEGER_ACCURATE', task, command: [kerasPython, here('tfdata.py')] },
  { name: 'torchvision, DataLoader', task, command: [torchPython, here('torch_loader.py')] },
]);

function measure({ command, task }: Rival): number | string {
  const [program = '', ...parameters] = command;
  if (!existsSync(program)) return 'missing: run bench/pipeline/setup.sh';
  const { status, stdout, stderr } = spawnSync(program, [...parameters, folder as string, task], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.trim().split('\n').at(-1)) : `failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

if (memory === 'memory') {
  spawnSync(process.execPath, ['--import', 'tsx', here('memory.ts'), folder], { stdio: 'inherit' });
} else {
  console.log(`${cpus().length} x ${cpus()[0]?.model ?? ''}, ${arch()}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1) ?? ''}`);
  const found = new Map<Rival, (number | string)[]>(RIVALS.map((rival) => [rival, []]));
  for (let round = 0; round < Number(rounds); round++) for (const rival of RIVALS) found.get(rival)?.push(measure(rival));
  for (const task of ['resize', 'augment'] as const) {
    console.log(task === 'resize' ? '\nDecode and resize to 224, images a second' : '\nAnd flip, colours, affine');
    let own = NaN;
    for (const [rival, outcomes] of [...found].filter(([each]) => each.task === task)) {
      const rates = outcomes.filter((outcome) => typeof outcome === 'number').sort((a, b) => a - b);
      const median = rates[Math.floor(rates.length / 2)];
      if (rival.name === 'effnet-ts') own = median ?? NaN;
      console.log(median === undefined ? `  ${rival.name.padEnd(28)}${String(outcomes[0])}` : `  ${rival.name.padEnd(28)}${median.toFixed(0).padStart(6)}   effnet-ts / this: ${(own / median).toFixed(2)}   [${rates.map((rate) => rate.toFixed(0)).join(', ')}]`);
    }
  }
}
