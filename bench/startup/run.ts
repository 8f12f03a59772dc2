// Measures how long starting takes, in fresh processes that take turns: importing each entry once TensorFlow.js is imported, and B0 from
// the start of the process until it can predict. The imports are compared with the one of the main entry.
// npm run build; npm run bench:startup           11 processes of each, under a minute on two quiet cores
// npm run bench:startup -- 21                    processes of each
// All single times are written to bench/startup/results.json.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from 'esbuild';
import { efficientNet, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';
import { describeMachine } from '../support/machine.js';
import { CACHE, fromRoot } from '../support/paths.js';
import { runOwnProcess } from '../support/processes.js';
import { formatRatio, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const [rounds = '11'] = process.argv.slice(2);
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const entry = (name: string): string => fromRoot(`dist/${name}.js`);
const ENTRIES = ['index', 'node', 'onnx', 'hdf5', 'plots', 'wasm'];

type Times = Readonly<Record<string, number>>;

if (!existsSync(entry('index'))) throw new Error('The entries are not built: npm run build');
const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
await mkdir(CACHE, { recursive: true });
const folder = await mkdtemp(path.join(CACHE, 'startup-'));
try {
  // Compiled ahead: a loader of TypeScript would be measured as well.
  for (const file of ['importEntry', 'readyToPredict']) {
    const { code } = await transform(await readFile(here(`${file}.ts`), 'utf8'), { loader: 'ts', format: 'esm' });
    await writeFile(path.join(folder, `${file}.mjs`), code);
  }
  await selectBackend();
  const weights = path.join(folder, 'b0.safetensors');
  await writeFile(weights, writeSafetensors(await weightsOf(efficientNet('b0', { seed: 1 }))));

  const measure = (file: string, ...parameters: string[]): Times =>
    runOwnProcess([process.execPath, path.join(folder, `${file}.mjs`), ...parameters]) as Times;
  const imports = new Map<string, Times[]>(ENTRIES.map((name) => [name, []]));
  const ready: Times[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, times] of imports) times.push(measure('importEntry', entry(name)));
    ready.push(measure('readyToPredict', entry('node'), weights));
  }
  print(imports, ready);
  await writeResults(new URL('results.json', import.meta.url), { machine, imports: Object.fromEntries(imports), ready });
} finally {
  await rm(folder, { recursive: true });
}

function print(imports: ReadonlyMap<string, readonly Times[]>, ready: readonly Times[]): void {
  const values = (times: readonly Times[], key: string): number[] => times.flatMap((time) => time[key] ?? []);
  const main = values(imports.get('index') ?? [], 'wall');
  const cells = (times: readonly Times[]): string[] =>
    ['wall', 'cpu'].flatMap((key) => {
      const all = values(times, key);
      return all.length === 0 ? ['', ''] : [median(all).toFixed(0), formatSpread(all)];
    });
  const rows = [...imports].map(([name, times]) => [
    `import of \`${name === 'index' ? 'effnet-ts' : `effnet-ts/${name}`}\`, after TensorFlow.js`,
    ...cells(times),
    formatRatio(median(pairRatios(values(times, 'wall'), main))),
  ]);
  rows.push(['B0 ready to predict, from the start of the process, weights from a local file', ...cells(ready)]);
  for (const part of ['imports', 'backend', 'network', 'weights'])
    rows.push([`- of that, ${part}`, ...cells(ready.map((time) => ({ wall: time[part] ?? NaN })))]);
  printTable(
    `Milliseconds, medians of ${rounds} fresh processes`,
    ['', 'elapsed', '10 %-90 %', 'CPU time', '10 %-90 %', 'times the import of `effnet-ts`'],
    rows,
  );
}
