// How long from photos to a classifier? B0 frozen, a head on it for five epochs, decoding included, each job one whole process from start to end.
// npm run bench:frozen-head                     the photos of examples/data/clothing, three rounds; six minutes on two quiet cores
// npm run bench:frozen-head -- FOLDER 1         a folder with train/ and validation/, rounds
// KERAS_PYTHON names an environment with Keras (bench/inference/setup.sh makes one); without it the rivals are reported as missing.
// B0_WEIGHTS names ImageNet weights of B0; what the file lacks, and all of it without one, is random: the same for everybody, and said so.
// Keras' usual loop takes minutes and runs in the first round only. The figures go to bench/frozen-head/results.json too.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { writeKeras } from '../../src/hdf5.js';
import { efficientNet, loadWeights, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';

const EPOCHS = 5;
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const [folder = here('../../examples/data/clothing'), rounds = '3'] = process.argv.slice(2);
const kerasPython = process.env['KERAS_PYTHON'] ?? here('../../.cache/bench/venv/bin/python');
const given = process.env['B0_WEIGHTS'];

interface Outcome {
  readonly seconds: number;
  readonly accuracy: number;
}

/** Writes the same weights for both sides and tells how many are the given file's. */
async function writeWeights(target: string): Promise<string> {
  await selectBackend();
  const model = efficientNet('b0', { includeTop: false, seed: 1 });
  const report = given === undefined ? undefined : await loadWeights(model, given, { strict: false });
  await writeFile(`${target}.safetensors`, writeSafetensors(await weightsOf(model)));
  await writeFile(`${target}.keras`, await writeKeras(model));
  return report === undefined ? 'random weights' : `${path.basename(given ?? '')}, ${report.missing.length} of ${report.loaded.length + report.missing.length} arrays random`;
}

function run(command: readonly string[]): Outcome | string {
  const [program = '', ...parameters] = command;
  if (!existsSync(program)) return 'missing: run bench/inference/setup.sh';
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (status !== 0) return `failed: ${stderr.trim().split('\n').slice(-2).join(' ')}`;
  return { seconds: (performance.now() - start) / 1000, ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { accuracy: number }) };
}

const cache = here('../../.cache/bench/');
await mkdir(cache, { recursive: true });
const scratch = await mkdtemp(path.join(cache, 'frozen-head-'));
try {
  const weights = path.join(scratch, 'b0');
  const origin = await writeWeights(weights);
  const epochs = String(EPOCHS);
  // As a program is shipped: what TypeScript costs to translate is no part of the job.
  const ours = path.join(scratch, 'ours.mjs');
  await build({ entryPoints: [here('ours.ts')], outfile: ours, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'es2022' });
  const keras = (kind: string): string[] => [kerasPython, here('keras_job.py'), kind, folder, `${weights}.keras`, epochs];
  const jobs = [
    { name: 'effnet-ts, trainHead on ONNX Runtime', command: [process.execPath, ours, folder, `${weights}.safetensors`, epochs], once: false },
    { name: 'Keras, features cached by hand', command: keras('cached'), once: false },
    { name: 'Keras, frozen base in model.fit', command: keras('usual'), once: true },
  ];
  const load = loadavg()[0] ?? 0;
  const results = jobs.map(({ name, command, once }) => ({ name, command, once, outcomes: [] as (Outcome | string)[] }));
  for (let round = 0; round < Number(rounds); round++) {
    for (const { command, once, outcomes } of results) if (round === 0 || !once) outcomes.push(run(command));
  }
  const own = results[0]?.outcomes ?? [];
  console.log('\n| | seconds, median | all | this / effnet-ts, pair by pair | validation accuracy |\n|---|---|---|---|---|');
  for (const { name, outcomes } of results) {
    const times = outcomes.flatMap((outcome) => (typeof outcome === 'string' ? [] : [outcome]));
    const ratios = outcomes.flatMap((outcome, i) => {
      const pair = own[i];
      return typeof outcome === 'string' || pair === undefined || typeof pair === 'string' ? [] : [outcome.seconds / pair.seconds];
    });
    const [first] = outcomes;
    if (typeof first === 'string') console.log(`| ${name} | ${first} | | | |`);
    else console.log(`| ${name} | ${median(times.map(({ seconds }) => seconds)).toFixed(1)} | ${times.map(({ seconds }) => seconds.toFixed(1)).join(', ')} | ${median(ratios).toFixed(1)} | ${(100 * (times[0]?.accuracy ?? NaN)).toFixed(1)} % |`);
  }
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version, load };
  console.log(`\n${origin}; ${machine.processor ?? ''}, ${machine.cores} cores, Node ${machine.node}; load before: ${load.toFixed(1)}`);
  await writeFile(here('results.json'), `${JSON.stringify({ machine, origin, results: results.map(({ name, outcomes }) => ({ name, outcomes })) }, null, 1)}\n`);
} finally {
  await rm(scratch, { recursive: true });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
