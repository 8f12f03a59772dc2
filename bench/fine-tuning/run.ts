// Measures whole fine-tuning jobs, from process start to a saved model: Lite0 with ImageNet weights on the 600 clothing images, trained
// from block5a with frozen BatchNormalization, random crops and flips, batch 16, 224 pixels, and evaluated after every epoch. This library
// runs on wasm, with ONNX Runtime for the frozen layers, and with worker threads in addition. PyTorch runs timm's Lite0 with the same
// weights, Keras our .keras export. All jobs take turns. Ratios compare times of the same round.
// npm run bench:fine-tuning                                               three epochs, three rounds; about ten minutes on two idle cores
// npm run bench:fine-tuning -- --epochs 1 --rounds 1 --jobs both,torch    other epochs and rounds, and jobs by their keys (JOBS below)
// Needs idle cores: beside other work, the waiting threads of PyTorch slow it down several times (OMP_WAIT_POLICY=passive avoids that).
// KERAS_PYTHON and TORCH_PYTHON name environments (bench/training/setup.sh makes one); without them Keras and PyTorch are reported as
// missing. Peak memory is that of the main process. A run without options writes all results to bench/fine-tuning/results.json.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeKeras } from '../../src/hdf5.js';
import { efficientNet, loadWeights, replaceHead, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';
import { buildScript } from '../support/buildScript.js';
import { describeMachine, machineLine } from '../support/machine.js';
import { CACHE, fromRoot, KERAS_PYTHON, TORCH_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { formatRatios, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const { values: given } = parseArgs({ options: { epochs: { type: 'string' }, rounds: { type: 'string' }, jobs: { type: 'string' } } });
const epochs = given.epochs ?? '3';
const rounds = Number(given.rounds ?? 3);
const CLASSES = 10;
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const images = fromRoot('examples/data/clothing');
const weights = fromRoot('examples/data/weights/efficientnet-lite0.safetensors');

/** What the job of a process prints as its last line. */
interface Outcome {
  readonly accuracy: number;
  readonly peakMegabytes: number;
}

interface Measured extends Outcome {
  readonly seconds: number;
  /** Processor time of all threads and processes of the job, in seconds. NaN where the system does not report it. */
  readonly processor: number;
}

/** Returns the processor time of all processes that this one has waited for, in seconds. */
function processorTime(): number {
  if (!existsSync('/proc/self/stat')) return NaN;
  // The name of the program, in parentheses, may contain spaces. Times are in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Writes the weights in the forms that PyTorch and Keras open. */
async function writeWeights(target: string): Promise<void> {
  await selectBackend();
  const network = efficientNet('lite0', { seed: 1 });
  await loadWeights(network, weights);
  const model = replaceHead(network, { classes: CLASSES, dropoutRate: 0.2, seed: 1 });
  const arrays = [...(await weightsOf(model, { layout: 'timm' }))];
  await writeFile(`${target}.safetensors`, writeSafetensors(new Map(arrays.filter(([name]) => !name.startsWith('classifier')))));
  await writeFile(`${target}.keras`, await writeKeras(model));
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'sharp']);
const own = [process.execPath, await buildScript(here('ours.ts')), images, weights];
await mkdir(CACHE, { recursive: true });
const scratch = await mkdtemp(path.join(CACHE, 'fine-tuning-'));
try {
  const copies = path.join(scratch, 'weights');
  await writeWeights(copies);
  const JOBS = [
    { key: 'wasm', name: 'effnet-ts, wasm', command: own, extras: [] },
    { key: 'runtime', name: 'effnet-ts, ONNX Runtime below', command: own, extras: ['runtime'] },
    { key: 'both', name: 'effnet-ts, ONNX Runtime below, worker threads', command: own, extras: ['runtime', 'threads'] },
    { key: 'torch', name: 'PyTorch, timm', command: [TORCH_PYTHON, here('torch_job.py'), images, `${copies}.safetensors`], extras: [] },
    { key: 'keras', name: 'Keras', command: [KERAS_PYTHON, here('keras_job.py'), images, `${copies}.keras`], extras: [] },
  ];
  const jobs = JOBS.filter(({ key }) => given.jobs?.split(',').includes(key) ?? true).map((job) => ({
    ...job,
    outcomes: [] as (Measured | string)[],
  }));
  for (let turn = 1; turn <= rounds; turn++) {
    for (const { key, name, command, extras, outcomes } of jobs) {
      console.error(`round ${turn}: ${name}`);
      const [start, used] = [performance.now(), processorTime()];
      const outcome = runProcess([...command, path.join(scratch, key), epochs, String(turn), ...extras], {
        setup: 'run bench/training/setup.sh',
      }) as Outcome | string;
      outcomes.push(
        typeof outcome === 'string'
          ? outcome
          : { seconds: (performance.now() - start) / 1000, processor: processorTime() - used, ...outcome },
      );
    }
  }
  const secondsOf = (job: string): number[] =>
    (jobs.find(({ key }) => key === job)?.outcomes ?? []).map((outcome) => (typeof outcome === 'string' ? NaN : outcome.seconds));
  printTable(
    `Lite0 on the clothing images, ${epochs} epochs from block5a`,
    [
      'job',
      'seconds, median',
      'all',
      'processor time, seconds',
      "time / PyTorch's",
      "time / Keras'",
      'validation accuracy',
      'peak memory, MB',
    ],
    jobs.map(({ key, name, outcomes }) => {
      const good = outcomes.filter((outcome) => typeof outcome !== 'string');
      if (good.length === 0) return [name, outcomes.find((outcome) => typeof outcome === 'string') ?? ''];
      const seconds = good.map((outcome) => outcome.seconds);
      return [
        name,
        median(seconds).toFixed(1),
        seconds.map((value) => value.toFixed(1)).join(', '),
        median(good.map(({ processor }) => processor)).toFixed(1),
        ...['torch', 'keras'].map((other) => formatRatios(pairRatios(secondsOf(key), secondsOf(other)))),
        good.map(({ accuracy }) => `${(100 * accuracy).toFixed(1)} %`).join(', '),
        String(Math.max(...good.map(({ peakMegabytes }) => peakMegabytes))),
      ];
    }),
  );
  if (Object.keys(given).length === 0) {
    await writeResults(new URL('results.json', import.meta.url), {
      machine,
      settings: { epochs: Number(epochs), rounds },
      results: jobs.map(({ name, outcomes }) => ({ name, outcomes })),
    });
  } else {
    console.log(`\n${machineLine(machine)}`);
  }
} finally {
  await rm(scratch, { recursive: true });
}
