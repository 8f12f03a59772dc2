// Measures the peak memory of trainHead and imageIndex on many images: in Node, through a kill and the run after it, and in Chromium.
//
// npm run bench:scale                               50,000 images in Node, 10,000 in Chromium
// npm run bench:scale -- --node 5000 --browser 0    fewer; 0 leaves a part out

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { describeMachine, machineLine } from '../support/machine.js';
import { CACHE, fromRoot } from '../support/paths.js';
import { runOwnProcess, tsxCommand } from '../support/processes.js';
import { printTable } from '../support/results.js';
import { measureBrowser } from './browser.js';
import { imagesFolder } from './images.js';

interface Outcome {
  readonly megabytes: number;
  readonly seconds: number;
  readonly accuracy: number | undefined;
  readonly computed: string;
}

const { values } = parseArgs({
  options: { node: { type: 'string', default: '50000' }, browser: { type: 'string', default: '10000' } },
});
const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core']);
const rows: string[][] = [];
const row = (task: string, count: number, { megabytes, seconds, accuracy }: Outcome): void => {
  rows.push([task, count.toLocaleString('en'), `${megabytes} MB`, `${seconds} s`, accuracy === undefined ? '' : accuracy.toFixed(3)]);
};

const count = Number(values.node);
if (count > 0) {
  const folder = await imagesFolder(count);
  const store = path.join(CACHE, 'scale-features');
  await rm(store, { recursive: true, force: true });
  const command = (task: string, ...more: string[]): readonly string[] => [
    ...tsxCommand(fromRoot('bench/scale/job.ts')),
    task,
    folder,
    ...more,
  ];
  row('trainHead, features in memory', count, runOwnProcess(command('trainHead')) as Outcome);
  // Half of the training features, 32 images per batch.
  const batches = Math.floor((0.8 * count) / 32 / 2);
  const [program = '', ...parameters] = command('trainHead', store, String(batches));
  const { signal } = spawnSync(program, parameters, { stdio: 'inherit' });
  if (signal !== 'SIGKILL') throw new Error(`Expected the run to be killed after ${batches} batches.`);
  row(`trainHead with featureFolder, after a kill at batch ${batches}`, count, runOwnProcess(command('trainHead', store)) as Outcome);
  row('trainHead with featureFolder, all features known', count, runOwnProcess(command('trainHead', store)) as Outcome);
  row('imageIndex with classifier and arrays', count, runOwnProcess(command('imageIndex')) as Outcome);
}
if (Number(values.browser) > 0) {
  for (const [run, outcome] of Object.entries(await measureBrowser(Number(values.browser)))) {
    row(`Chromium, trainHead with featureDatabase, ${run} run`, Number(values.browser), outcome);
  }
}
console.log(machineLine(machine));
printTable('Peak memory of the process', ['task', 'images', 'peak', 'time', 'accuracy'], rows);
