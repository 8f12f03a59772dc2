// Measures the accuracy of fineTuningRecipe on the clothing images with Lite0: against the frozen head it starts from, against the same
// settings at a constant rate, and against a usual recipe in PyTorch (timm's Lite0 with the same weights; see torch_accuracy.py).
// npm run bench:fine-tuning-accuracy                                      three seeds; about 40 minutes on two idle cores
// npm run bench:fine-tuning-accuracy -- --seeds 1,2 --jobs recipe,torch   other seeds, and jobs by their keys (JOBS below)
// TORCH_PYTHON names an environment with PyTorch (bench/training/setup.sh makes one); without it PyTorch is reported as missing.
// The accuracy of a run is that of its last epoch, not of its best one. Results are written to bench/fine-tuning/accuracy.json after each
// run, so an interrupted benchmark keeps the finished runs. Runs of other seeds and jobs in that file are kept.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { efficientNet, loadWeights, replaceHead, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';
import { buildScript } from '../support/buildScript.js';
import { describeMachine } from '../support/machine.js';
import { CACHE, fromRoot, TORCH_PYTHON } from '../support/paths.js';
import { runProcess } from '../support/processes.js';
import { printTable, writeResults } from '../support/results.js';

const { values: given } = parseArgs({ options: { seeds: { type: 'string' }, jobs: { type: 'string' } } });
const seeds = (given.seeds ?? '1,2,3').split(',').map(Number);
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const images = fromRoot('examples/data/clothing');
const weights = fromRoot('examples/data/weights/efficientnet-lite0.safetensors');
const file = new URL('accuracy.json', import.meta.url);

/** What the process of a run prints as its last line. */
interface Run {
  readonly seed: number;
  /** Accuracy of the frozen head. PyTorch starts without a trained head. */
  readonly headAccuracy?: number;
  /** Validation accuracy after each epoch. */
  readonly epochs: readonly number[];
  readonly accuracy: number;
  readonly seconds: number;
}

type Results = Record<string, readonly Run[]>;

/** Writes the weights in the form that timm opens, without the classifier. */
async function writeTimm(target: string): Promise<void> {
  await selectBackend();
  const network = efficientNet('lite0', { seed: 1 });
  await loadWeights(network, weights);
  const model = replaceHead(network, { classes: 10, seed: 1 });
  const arrays = [...(await weightsOf(model, { layout: 'timm' }))];
  await writeFile(target, writeSafetensors(new Map(arrays.filter(([name]) => !name.startsWith('classifier')))));
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'sharp']);
const own = [process.execPath, await buildScript(here('accuracyJob.ts')), images, weights];
await mkdir(CACHE, { recursive: true });
const scratch = await mkdtemp(path.join(CACHE, 'accuracy-'));
try {
  const timm = path.join(scratch, 'timm.safetensors');
  await writeTimm(timm);
  const JOBS = [
    { key: 'recipe', name: 'fineTuningRecipe', command: [...own, 'recipe'] },
    { key: 'constant', name: 'the same at a constant rate of 3e-4', command: [...own, 'constant'] },
    { key: 'torch', name: 'PyTorch, all layers', command: [TORCH_PYTHON, here('torch_accuracy.py'), images, timm, '6'] },
  ];
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { results: Results }).results : {};
  const results: Results = Object.fromEntries(JOBS.map(({ key }) => [key, earlier[key] ?? []]));
  const missing = new Map<string, string>();
  for (const seed of seeds) {
    for (const { key, name, command } of JOBS.filter((job) => given.jobs?.split(',').includes(job.key) ?? true)) {
      console.error(`seed ${seed}: ${name}`);
      const outcome = runProcess([...command, String(seed)], { setup: 'run bench/training/setup.sh' }) as Run | string;
      if (typeof outcome === 'string') {
        missing.set(key, outcome);
        continue;
      }
      const others = (results[key] ?? []).filter((run) => run.seed !== seed);
      results[key] = [...others, outcome].sort((a, b) => a.seed - b.seed);
      await writeResults(file, { machine, settings: { epochs: 6, batchSize: 16, inputSize: 224 }, results });
    }
  }
  const percent = (fraction = NaN): string => `${(100 * fraction).toFixed(1)} %`;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  printTable(
    'Validation accuracy after the last epoch',
    ['', 'seeds', 'frozen head', 'fine-tuned', 'mean'],
    JOBS.map(({ key, name }) => {
      const runs = results[key] ?? [];
      if (runs.length === 0) return [name, missing.get(key) ?? 'not run'];
      return [
        name,
        runs.map(({ seed }) => seed).join(', '),
        runs.map(({ headAccuracy }) => (headAccuracy === undefined ? '' : percent(headAccuracy))).join(', '),
        runs.map(({ accuracy }) => percent(accuracy)).join(', '),
        percent(mean(runs.map(({ accuracy }) => accuracy))),
      ];
    }),
  );
} finally {
  await rm(scratch, { recursive: true });
}
