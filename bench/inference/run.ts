// How long does an answer take? Exports of this library and of timm in one ONNX Runtime, in turns; TensorFlow.js, Keras and PyTorch beside them.
// npm run bench:inference                       B0, B4 and Lite0, batches of 1 and 8, 1 and 2 threads, 11 rounds; about eight minutes on two quiet cores
// npm run bench:inference -- b0,b4 1 1 9        variants, batches, threads, rounds
// TORCH_PYTHON and KERAS_PYTHON name environments (bench/inference/setup.sh makes them), MOBILENET_MODEL a copy of mobilenet's model; a rival that is not there is reported as missing.
// The figures go to bench/inference/results.json too.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, loadavg, totalmem } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import * as onnxruntime from 'onnxruntime-node';
import { efficientNet, selectBackend, type Variant } from '../../src/node.js';
import { exportOnnx } from '../../src/onnx.js';

const [variants = 'b0,b4,lite0', batches = '1,8', threads = '1,2', rounds = '11'] = process.argv.slice(2);
const WARMUP = 2;
/** Rounds of what runs in a process of its own, with the most threads only: some of it takes seconds a batch. */
const PROCESS_ROUNDS = Math.min(5, Number(rounds));

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const folder = here('../../.cache/bench/inference/');
const venv = here('../../.cache/bench/venv/bin/python');
const [kerasPython, torchPython] = [process.env['KERAS_PYTHON'] ?? venv, process.env['TORCH_PYTHON'] ?? venv];
const packages = [process.execPath, '--import', 'tsx', here('packages.ts')];
const packagesFolder = here('../../.cache/bench/node/node_modules');
const layers = [process.execPath, '--import', 'tsx', here('layers.ts')];

/** Milliseconds of single runs: on the wall, and of all cores together. */
interface Times {
  readonly wall: number[];
  readonly cpu: number[];
}

interface Row extends Partial<Times> {
  readonly runtime: string;
  /** Of the file. */
  readonly megabytes?: number;
  /** Milliseconds from the file's bytes to a session. */
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
  { runtime: '@tensorflow-models/mobilenet, its MobileNetV2, tfjs wasm', needs: packagesFolder, command: [...packages, 'mobilenet'], only: 'b0' },
  { runtime: 'Keras, predict_on_batch', needs: kerasPython, command: [kerasPython, here('keras_predict.py')] },
  { runtime: 'PyTorch, timm, channels last', needs: torchPython, command: [torchPython, here('torch_predict.py')] },
] as const;

function median(values: readonly number[], share = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

async function writeFiles(variant: Variant): Promise<number> {
  await mkdir(`${folder}${variant}`, { recursive: true });
  const model = efficientNet(variant, { seed: 1, classifierActivation: 'linear' });
  await writeFile(`${folder}${variant}/effnet.onnx`, await exportOnnx(model));
  const size = model.inputs[0]?.shape[1] ?? 224;
  model.dispose();
  if (existsSync(torchPython) && !existsSync(`${folder}${variant}/timm.onnx`)) {
    const { status, stderr } = spawnSync(torchPython, [here('timm_export.py'), variant, String(size), `${folder}${variant}`], { encoding: 'utf8' });
    if (status !== 0) console.error(stderr.trim().split('\n').slice(-3).join('\n'));
  }
  return size;
}

/** All files in one process, one run of each in turn. */
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
    return { runtime, megabytes: bytes.length / 1e6, opening, run: () => session.run(feeds), release: () => session.release(), wall: [] as number[], cpu: [] as number[] };
  };
  // One after another, so that opening is timed alone.
  const runs = [];
  for (const file of ONNX_FILES) runs.push(await open(file));
  for (let round = -WARMUP; round < Number(rounds); round++) {
    for (const one of runs) {
      if (one.run === undefined) continue;
      // Threads of the session before still look for work for some 40 ms.
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
  return PROCESSES.filter((rival) => !('only' in rival) || rival.only === variant).map(({ runtime, needs, command: [file, ...rest] }) => {
    if (!existsSync(needs)) return { runtime, missing: 'missing: run bench/inference/setup.sh' };
    const parameters = [...rest, variant, String(size), String(batch), String(count), String(PROCESS_ROUNDS)];
    const { status, stdout, stderr } = spawnSync(file, parameters, { encoding: 'utf8' });
    if (status !== 0) return { runtime, missing: `failed: ${stderr.trim().split('\n').slice(-2).join(' ')}` };
    return { runtime, ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Times) };
  });
}

function print(title: string, rows: readonly Row[]): void {
  const [ours] = rows;
  console.log(`\n${title}\n\n| runtime | median | 10 %-90 % | ours takes, of its time | CPU time | ours, of its CPU time | file, MB | opening it |\n|---|---|---|---|---|---|---|---|`);
  for (const { runtime, missing, wall = [], cpu = [], megabytes, opening } of rows) {
    if (missing !== undefined) {
      console.log(`| ${runtime} | ${missing} | | | | | | |`);
      continue;
    }
    // Runs of one round met the same noise, so ratios are taken pair by pair where there are pairs.
    const ratio = (mine: readonly number[] = [], theirs: readonly number[]): string =>
      (ONNX_FILES.some((file) => file.runtime === runtime) ? median(mine.map((value, i) => value / (theirs[i] ?? Number.NaN))) : median(mine) / median(theirs)).toFixed(2);
    const [low, high] = [median(wall, 0.1), median(wall, 0.9)].map((value) => value.toFixed(1));
    console.log(`| ${runtime} | ${median(wall).toFixed(1)} | ${low}-${high} | ${ratio(ours?.wall, wall)} | ${median(cpu).toFixed(1)} | ${ratio(ours?.cpu, cpu)} | ${megabytes?.toFixed(1) ?? ''} | ${opening?.toFixed(0) ?? ''} |`);
  }
}

await selectBackend(['wasm']);
const results = [];
for (const variant of variants.split(',') as Variant[]) {
  const size = await writeFiles(variant);
  for (const batch of batches.split(',').map(Number)) {
    const counts = threads.split(',').map(Number);
    for (const count of counts) {
      const load = loadavg()[0] ?? 0;
      const rows = [...(await timeFiles(variant, batch, size, count)), ...(count === Math.max(...counts) ? timeProcesses(variant, batch, size, count) : [])];
      print(`${variant}, ${size} px, batch ${batch}, threads: ${count} (TensorFlow.js: 1); milliseconds a batch`, rows);
      results.push({ variant, size, batch, threads: count, load, rows });
    }
  }
}
const machine = {
  processor: cpus()[0]?.model, cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 1e9), arch: arch(), node: process.version,
  onnxruntime: onnxruntime.env.versions.node ?? 'unknown', rounds: Number(rounds),
};
console.log(`\n${machine.processor ?? ''}, ${machine.cores} cores, Node ${machine.node}, onnxruntime-node ${machine.onnxruntime}; load before: ${results.map(({ load }) => load.toFixed(1)).join(', ')}`);
await writeFile(here('results.json'), `${JSON.stringify({ machine, results }, null, 1)}\n`);
