// Measures training a head for five epochs on a frozen B0, from image files to a classifier: trainHead on ONNX Runtime against Keras with
// the frozen base in model.fit, and against Keras with features cached by hand. Each job is one whole process, decoding included. Ratios
// are their time divided by ours.
// npm run bench:frozen-head                 the images of examples/data/clothing, three rounds; six minutes on two quiet cores
// npm run bench:frozen-head -- FOLDER 1     a folder with train/ and validation/, rounds
// KERAS_PYTHON names an environment with Keras (bench/inference/setup.sh makes one); without it Keras is reported as missing.
// B0_WEIGHTS names ImageNet weights of B0. Arrays that the file lacks are random but the same for all jobs; without a file all arrays are.
// Keras with model.fit takes minutes and runs in the first round only. All results are written to bench/frozen-head/results.json.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { writeKeras } from '../../src/hdf5.js';
import { efficientNet, loadWeights, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';
import { describeMachine } from '../support/machine.js';
import { CACHE, fromRoot, KERAS_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { formatRatios, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const EPOCHS = 5;
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const [folder = fromRoot('examples/data/clothing'), rounds = '3'] = process.argv.slice(2);
const given = process.env['B0_WEIGHTS'];

interface Outcome {
  readonly seconds: number;
  readonly accuracy: number;
}

/** Writes the same weights for all jobs and says where they come from. */
async function writeWeights(target: string): Promise<string> {
  await selectBackend();
  const model = efficientNet('b0', { includeTop: false, seed: 1 });
  const report = given === undefined ? undefined : await loadWeights(model, given, { strict: false });
  await writeFile(`${target}.safetensors`, writeSafetensors(await weightsOf(model)));
  await writeFile(`${target}.keras`, await writeKeras(model));
  return report === undefined
    ? 'random weights'
    : `${path.basename(given ?? '')}, ${report.missing.length} of ${report.loaded.length + report.missing.length} arrays random`;
}

function run(command: readonly string[]): Outcome | string {
  const start = performance.now();
  const outcome = runProcess(command, { setup: 'run bench/inference/setup.sh' }) as { readonly accuracy: number } | string;
  return typeof outcome === 'string' ? outcome : { seconds: (performance.now() - start) / 1000, ...outcome };
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core', 'sharp']);
await mkdir(CACHE, { recursive: true });
const scratch = await mkdtemp(path.join(CACHE, 'frozen-head-'));
try {
  const weights = path.join(scratch, 'b0');
  const origin = await writeWeights(weights);
  const epochs = String(EPOCHS);
  // Built, as an application runs: compiling TypeScript is not part of the job.
  const ours = path.join(scratch, 'ours.mjs');
  await build({
    entryPoints: [here('ours.ts')],
    outfile: ours,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2022',
  });
  const keras = (kind: string): string[] => [KERAS_PYTHON, here('keras_job.py'), kind, folder, `${weights}.keras`, epochs];
  const jobs = [
    {
      name: 'effnet-ts, trainHead on ONNX Runtime',
      command: [process.execPath, ours, folder, `${weights}.safetensors`, epochs],
      once: false,
    },
    { name: 'Keras, features cached by hand', command: keras('cached'), once: false },
    { name: 'Keras, frozen base in model.fit', command: keras('usual'), once: true },
  ];
  const results = jobs.map(({ name, command, once }) => ({ name, command, once, outcomes: [] as (Outcome | string)[] }));
  for (let round = 0; round < Number(rounds); round++) {
    for (const { command, once, outcomes } of results) if (round === 0 || !once) outcomes.push(run(command));
  }
  const secondsOf = (outcomes: readonly (Outcome | string)[]): number[] =>
    outcomes.map((outcome) => (typeof outcome === 'string' ? NaN : outcome.seconds));
  const own = secondsOf(results[0]?.outcomes ?? []);
  printTable(
    `Five epochs on a frozen B0, ${origin}`,
    ['', 'seconds, median', 'all', 'this / effnet-ts', 'validation accuracy'],
    results.map(({ name, outcomes }) => {
      const good = outcomes.filter((outcome) => typeof outcome !== 'string');
      const [first] = good;
      if (first === undefined) return [name, outcomes.find((outcome) => typeof outcome === 'string') ?? ''];
      const seconds = secondsOf(good);
      const ratios = formatRatios(pairRatios(secondsOf(outcomes), own));
      return [
        name,
        median(seconds).toFixed(1),
        seconds.map((value) => value.toFixed(1)).join(', '),
        ratios,
        `${(100 * first.accuracy).toFixed(1)} %`,
      ];
    }),
  );
  await writeResults(new URL('results.json', import.meta.url), {
    machine,
    settings: { epochs: EPOCHS, rounds: Number(rounds), weights: origin },
    results: results.map(({ name, outcomes }) => ({ name, outcomes })),
  });
} finally {
  await rm(scratch, { recursive: true });
}
