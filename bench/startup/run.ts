// What does starting take? Fresh processes in turns: each entry beyond TensorFlow.js itself, and B0 until it can answer.
// npm run build; npm run bench:startup           11 processes of each, under a minute on two quiet cores
// npm run bench:startup -- 21                    processes of each
// The figures go to bench/startup/results.json too.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { transform } from 'esbuild';
import { efficientNet, selectBackend, weightsOf, writeSafetensors } from '../../src/node.js';

const [rounds = '11'] = process.argv.slice(2);
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const entry = (name: string): string => here(`../../dist/${name}.js`);
const ENTRIES = ['index', 'node', 'onnx', 'hdf5', 'plots', 'wasm'];

type Times = Readonly<Record<string, number>>;

if (!existsSync(entry('index'))) throw new Error('The entries are not built: npm run build');
const cache = here('../../.cache/bench/');
await mkdir(cache, { recursive: true });
const folder = await mkdtemp(path.join(cache, 'startup-'));
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
    JSON.parse(execFileSync(process.execPath, [path.join(folder, `${file}.mjs`), ...parameters], { encoding: 'utf8' })) as Times;
  const imports = new Map<string, Times[]>(ENTRIES.map((name) => [name, []]));
  const ready: Times[] = [];
  const load = loadavg()[0] ?? 0;
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, times] of imports) times.push(measure('importEntry', entry(name)));
    ready.push(measure('readyToPredict', entry('node'), weights));
  }
  print(imports, ready);
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version, load };
  console.log(`\n${machine.processor ?? ''}, ${machine.cores} cores, Node ${machine.node}; load before: ${load.toFixed(1)}`);
  await writeFile(here('results.json'), `${JSON.stringify({ machine, imports: Object.fromEntries(imports), ready }, null, 1)}\n`);
} finally {
  await rm(folder, { recursive: true });
}

function print(imports: ReadonlyMap<string, readonly Times[]>, ready: readonly Times[]): void {
  console.log(`Milliseconds, medians of ${rounds} fresh processes, 10 %-90 % beside them\n\n| | on the wall | | of the processor | |\n|---|---|---|---|---|`);
  const row = (title: string, times: readonly Times[]): void => {
    const cells = ['wall', 'cpu'].flatMap((key) => {
      const sorted = times.flatMap((time) => time[key] ?? []).sort((a, b) => a - b);
      const at = (share: number): string => (sorted[Math.round((sorted.length - 1) * share)] ?? NaN).toFixed(0);
      return sorted.length === 0 ? ['', ''] : [at(0.5), `${at(0.1)}-${at(0.9)}`];
    });
    console.log(`| ${title} | ${cells.join(' | ')} |`);
  };
  for (const [name, times] of imports) row(`import of \`${name === 'index' ? 'effnet-ts' : `effnet-ts/${name}`}\`, beyond TensorFlow.js`, times);
  row('B0 ready to predict, from the start of the process, weights from a local file', ready);
  for (const part of ['imports', 'backend', 'network', 'weights']) row(`- ${part}, of that`, ready.map((time) => ({ wall: time[part] ?? NaN })));
}
