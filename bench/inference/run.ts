// Measures predicting: the ONNX export of this library against timm's exports, in turns in one ONNX Runtime, and against TensorFlow.js with
// folded and with stock layers, transformers.js, @tensorflow-models/mobilenet, Keras and PyTorch, each in a process of its own. Ratios are
// the time of our export divided by theirs.
// npm run bench:inference                   B0, B4 and Lite0, batches of 1 and 8, 1 and 2 threads, 11 rounds; about eight minutes on two
//                                           quiet cores
// npm run bench:inference -- b0,b4 1 1 9    variants, batches, threads, rounds
// TORCH_PYTHON and KERAS_PYTHON name environments (bench/inference/setup.sh makes them), MOBILENET_MODEL a copy of mobilenet's model. A
// program that is not there is reported as missing. All results are written to bench/inference/results.json.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import * as onnxruntime from 'onnxruntime-node';
import { efficientNet, selectBackend, type Variant } from '../../src/node.js';
import { exportOnnx } from '../../src/onnx.js';
import { describeMachine } from '../support/machine.js';
import { CACHE, KERAS_PYTHON, TORCH_PYTHON } from '../support/paths.js';
import { runProcess, tsxCommand } from '../support/processes.js';
import { formatRatio, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios, round as rounded } from '../support/statistics.js';

const [variants = 'b0,b4,lite0', batches = '1,8', threads = '1,2', rounds = '11'] = process.argv.slice(2);
const WARMUP = 2;
/**
 * Rounds of the programs in processes of their own, some of which take seconds per batch. They run with the largest number of threads only.
 */
const PROCESS_ROUNDS = Math.min(5, Number(rounds));

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const folder = `${CACHE}inference/`;
const packages = tsxCommand(here('packages.ts'));
const packagesFolder = `${CACHE}node/node_modules`;
const layers = tsxCommand(here('layers.ts'));

/** Milliseconds of single runs: elapsed time, and CPU time of all cores. */
interface Times {
  readonly wall: number[];
  readonly cpu: number[];
}

interface Row extends Partial<Times> {
  readonly runtime: string;
  /** Size of the file. */
  readonly megabytes?: number;
  /** Milliseconds to open a session from the file's bytes. */
  readonly opening?: number;
  readonly missing?: string;
}

const OURS = 'effnet-ts export';
const ONNX_FILES = [
  { runtime: OURS, file: 'effnet.onnx' },
  { runtime: "timm's export, padding made static", file: 'timm-static.onnx' },
  { runtime: "timm's export as it comes", file: 'timm.onnx' },
] as const;
const PROCESSES = [
  { runtime: 'effnet-ts folded, tfjs wasm', needs: process.execPath, command: [...layers, 'folded'] },
  { runtime: 'stock layers, tfjs wasm', needs: process.execPath, command: [...layers, 'stock'] },
  { runtime: "transformers.js, timm's export", needs: packagesFolder, command: [...packages, 'transformers'] },
  {
    runtime: '@tensorflow-models/mobilenet, its MobileNetV2, tfjs wasm',
    needs: packagesFolder,
    command: [...packages, 'mobilenet'],
    only: 'b0',
  },
  { runtime: 'Keras, predict_on_batch', needs: KERAS_PYTHON, command: [KERAS_PYTHON, here('keras_predict.py')] },
  { runtime: 'PyTorch, timm, channels last', needs: TORCH_PYTHON, command: [TORCH_PYTHON, here('torch_predict.py')] },
] as const;

async function writeFiles(variant: Variant): Promise<number> {
  await mkdir(`${folder}${variant}`, { recursive: true });
  const model = efficientNet(variant, { seed: 1, classifierActivation: 'linear' });
  await writeFile(`${folder}${variant}/effnet.onnx`, await exportOnnx(model));
  const size = model.inputs[0]?.shape[1] ?? 224;
  model.dispose();
  if (existsSync(TORCH_PYTHON) && !existsSync(`${folder}${variant}/timm.onnx`)) {
    const { status, stderr } = spawnSync(TORCH_PYTHON, [here('timm_export.py'), variant, String(size), `${folder}${variant}`], {
      encoding: 'utf8',
    });
    if (status !== 0) console.error(stderr.trim().split('\n').slice(-3).join('\n'));
  }
  return size;
}

/** Times all files in one process, one run of each in turn. */
async function timeFiles(variant: Variant, batch: number, size: number, count: number): Promise<Row[]> {
  const open = async ({ runtime, file }: (typeof ONNX_FILES)[number]) => {
    const path = `${folder}${variant}/${file}`;
    if (!existsSync(path)) return { runtime, missing: 'missing: needs TORCH_PYTHON with timm and onnx' };
    const bytes = await readFile(path);
    const start = performance.now();
    const session = await onnxruntime.InferenceSession.create(bytes, { intraOpNumThreads: count });
    const opening = performance.now() - start;
    const shape = runtime === OURS ? [batch, size, size, 3] : [batch, 3, size, size];
    const pixels = Float32Array.from({ length: batch * size * size * 3 }, (_, i) => (i * 7919) % 256);
    const feeds = { [session.inputNames[0] ?? '']: new onnxruntime.Tensor('float32', pixels, shape) };
    return {
      runtime,
      megabytes: bytes.length / 1e6,
      opening,
      run: () => session.run(feeds),
      release: () => session.release(),
      wall: [] as number[],
      cpu: [] as number[],
    };
  };
  // One after another, so that nothing else runs while a file is opened.
  const runs = [];
  for (const file of ONNX_FILES) runs.push(await open(file));
  for (let round = -WARMUP; round < Number(rounds); round++) {
    for (const one of runs) {
      if (one.run === undefined) continue;
      // The threads of the previous session keep looking for work for about 40 ms.
      await setTimeout(80);
      const [wall, cpu] = [performance.now(), process.cpuUsage()];
      await one.run();
      const used = process.cpuUsage(cpu);
      if (round < 0) continue;
      one.wall.push(performance.now() - wall);
      one.cpu.push((used.user + used.system) / 1000);
    }
  }
  for (const { release } of runs) await release?.();
  return runs.map(({ run: _, release: _release, ...row }) => row);
}

function timeProcesses(variant: Variant, batch: number, size: number, count: number): Row[] {
  // MobileNetV2 is the same network whatever the variant.
  return PROCESSES.filter((rival) => !('only' in rival) || rival.only === variant).map(({ runtime, needs, command }) => {
    const parameters = [variant, size, batch, count, PROCESS_ROUNDS].map(String);
    const outcome = runProcess([...command, ...parameters], { needs, setup: 'run bench/inference/setup.sh' }) as Times | string;
    return typeof outcome === 'string' ? { runtime, missing: outcome } : { runtime, ...outcome };
  });
}

function print(title: string, rows: readonly Row[]): void {
  const [ours] = rows;
  // Runs of one round met the same noise, so ratios are taken pair by pair where there are pairs.
  const ratio = (runtime: string, mine: readonly number[] = [], theirs: readonly number[]): string =>
    formatRatio(ONNX_FILES.some((file) => file.runtime === runtime) ? median(pairRatios(mine, theirs)) : median(mine) / median(theirs));
  printTable(
    title,
    ['runtime', 'median', '10 %-90 %', 'ours / this', 'CPU time', 'ours / this, CPU time', 'file, MB', 'opening it'],
    rows.map(({ runtime, missing, wall = [], cpu = [], megabytes, opening }) =>
      missing === undefined
        ? [
            runtime,
            median(wall).toFixed(1),
            formatSpread(wall, 1),
            ratio(runtime, ours?.wall, wall),
            median(cpu).toFixed(1),
            ratio(runtime, ours?.cpu, cpu),
            megabytes?.toFixed(1) ?? '',
            opening?.toFixed(0) ?? '',
          ]
        : [runtime, missing],
    ),
  );
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
await selectBackend(['wasm']);
const results = [];
for (const variant of variants.split(',') as Variant[]) {
  const size = await writeFiles(variant);
  for (const batch of batches.split(',').map(Number)) {
    const counts = threads.split(',').map(Number);
    for (const count of counts) {
      const load = rounded(loadavg()[0] ?? NaN);
      const rows = [
        ...(await timeFiles(variant, batch, size, count)),
        ...(count === Math.max(...counts) ? timeProcesses(variant, batch, size, count) : []),
      ];
      print(`${variant}, ${size} px, batch ${batch}, threads: ${count} (TensorFlow.js: 1); milliseconds per batch`, rows);
      results.push({ variant, size, batch, threads: count, load, rows });
    }
  }
}
await writeResults(new URL('results.json', import.meta.url), { machine, settings: { rounds: Number(rounds) }, results });
