// Measures loading weights against reading the same file and copying every array into a tensor, in pairs of fresh processes. It also
// measures the peak memory of building and loading B7 against the size of its weights.
// npm run bench:loading                   B0's time in two layouts, B7's memory; a minute
// npm run bench:loading -- 15             pairs, each a fresh process
// All results are written to bench/loading/results.json.

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { efficientNet, selectBackend, weightsOf, writeSafetensors, type LayoutName, type Variant } from 'effnet-ts/node';
import { describeMachine } from '../support/machine.js';
import { runOwnProcess, tsxCommand } from '../support/processes.js';
import { formatRatio, formatRatios, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const rounds = Number(process.argv[2] ?? 7);
const here = (path: string): string => new URL(path, import.meta.url).pathname;

interface Outcome {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

const measure = (...parameters: string[]): Outcome => runOwnProcess([...tsxCommand(here('case.ts')), ...parameters]) as Outcome;

const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
const folder = await mkdtemp(join(tmpdir(), 'effnet-loading-'));
const results: object[] = [];
const rows: string[][] = [];
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
    const [floors, loads] = [pairs.map(({ floor }) => floor.milliseconds), pairs.map(({ load }) => load.milliseconds)];
    const ratios = pairRatios(loads, floors);
    const row = {
      network: 'b0',
      layout,
      pairs: rounds,
      floorMilliseconds: median(floors),
      loadMilliseconds: median(loads),
      ratio: median(ratios),
      lowestRatio: Math.min(...ratios),
      highestRatio: Math.max(...ratios),
      cpuRatio: median(
        pairRatios(
          pairs.map(({ load }) => load.cpuMilliseconds),
          pairs.map(({ floor }) => floor.cpuMilliseconds),
        ),
      ),
    };
    results.push(row);
    rows.push([layout, row.loadMilliseconds.toFixed(0), row.floorMilliseconds.toFixed(0), formatRatios(ratios), formatRatio(row.cpuRatio)]);
  }
  printTable(
    `Loading B0, medians of ${rounds} pairs`,
    ['names and axes of', 'milliseconds', 'reading and copying', 'ratio (lowest-highest)', 'ratio of CPU time'],
    rows,
  );
  const file = await fileOf('b7', 'timm');
  const { size } = await stat(file);
  const peaks = Array.from({ length: 3 }, () => measure('load', file, 'b7').peakBytes);
  results.push({ network: 'b7', layout: 'timm', fileBytes: size, peakBytes: peaks, peakRatio: median(peaks) / size });
  console.log(
    `\nB7, built and loaded: memory peaks at ${(median(peaks) / 1e6).toFixed(0)} MB, ` +
      `${formatRatio(median(peaks) / size)} its ${(size / 1e6).toFixed(0)} MB of weights`,
  );
} finally {
  await rm(folder, { recursive: true });
}
await writeResults(new URL('results.json', import.meta.url), { machine, settings: { backend: 'wasm' }, results });
