// What does loading weights cost beside reading the file and copying it into tensors, and how much memory does it take at its peak?
// npm run bench:loading                   B0's time in two layouts, B7's memory; a minute
// npm run bench:loading -- 15             pairs, each a fresh process
// The figures go to bench/loading/results.json too.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { efficientNet, selectBackend, weightsOf, writeSafetensors, type LayoutName, type Variant } from 'effnet-ts/node';

const rounds = Number(process.argv[2] ?? 7);
const here = (path: string): string => new URL(path, import.meta.url).pathname;

interface Outcome {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
  readonly version: string;
}

const measure = (...parameters: string[]): Outcome =>
  JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', here('case.ts'), ...parameters], { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '') as Outcome;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const folder = await mkdtemp(join(tmpdir(), 'effnet-loading-'));
const results: object[] = [];
try {
  await selectBackend(['wasm']);
  const fileOf = async (variant: Variant, layout: LayoutName): Promise<string> => {
    const file = join(folder, `${variant}-${layout}.safetensors`);
    const model = efficientNet(variant);
    await writeFile(file, writeSafetensors(await weightsOf(model, { layout })));
    model.dispose();
    return file;
  };
  for (const layout of ['keras', 'timm'] as const) {
    const file = await fileOf('b0', layout);
    const pairs = Array.from({ length: rounds }, () => ({ floor: measure('floor', file), load: measure('load', file, 'b0') }));
    const ratios = pairs.map(({ floor, load }) => load.milliseconds / floor.milliseconds);
    const row = {
      network: 'b0', layout, pairs: rounds,
      floorMilliseconds: median(pairs.map(({ floor }) => floor.milliseconds)), loadMilliseconds: median(pairs.map(({ load }) => load.milliseconds)),
      ratio: median(ratios), lowestRatio: Math.min(...ratios), highestRatio: Math.max(...ratios),
      cpuRatio: median(pairs.map(({ floor, load }) => load.cpuMilliseconds / floor.cpuMilliseconds)),
    };
    results.push(row);
    console.log(`B0, names as ${layout} has them: ${row.loadMilliseconds.toFixed(0)} ms, ${row.ratio.toFixed(2)} x reading and copying (${row.floorMilliseconds.toFixed(0)} ms); ${rounds} pairs, ${row.lowestRatio.toFixed(2)}-${row.highestRatio.toFixed(2)}; CPU time ${row.cpuRatio.toFixed(2)} x`);
  }
  const file = await fileOf('b7', 'timm');
  const { size } = await stat(file);
  const peaks = Array.from({ length: 3 }, () => measure('load', file, 'b7').peakBytes);
  results.push({ network: 'b7', layout: 'timm', fileBytes: size, peakBytes: peaks, peakRatio: median(peaks) / size });
  console.log(`B7, built and loaded: memory peaks at ${(median(peaks) / 1e6).toFixed(0)} MB, ${(median(peaks) / size).toFixed(2)} x its ${(size / 1e6).toFixed(0)} MB of weights`);
} finally {
  await rm(folder, { recursive: true });
}
const machine = { processor: cpus()[0]?.model, threads: cpus().length, arch: arch(), node: process.version, backend: 'wasm' };
await writeFile(here('results.json'), `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
