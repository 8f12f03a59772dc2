// Measures evaluate on wasm with and without worker threads: B0 on random images of 224 pixels, batches of 32. All variants take turns.
// npm run bench:evaluation-threads            three rounds, 1 and 2 threads, about five minutes on two idle cores
// npm run bench:evaluation-threads -- 1,4     other numbers of threads; 1 is evaluate without workers

import * as tf from '@tensorflow/tfjs-core';
import { Dataset, efficientNet, evaluate, selectBackend, trainingWorkers, type ImageBatch } from 'effnet-ts/node';
import { describeMachine, machineLine } from '../support/machine.js';
import { formatRatios, printTable } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';

const [BATCHES, BATCH, SIZE, ROUNDS] = [6, 32, 224, 3];
const counts = (process.argv[2] ?? '1,2').split(',').map(Number);
const machine = describeMachine(['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']);
const { backend } = await selectBackend(['wasm']);
const model = efficientNet('b0', { classes: 10, seed: 1 });
const labels = Array.from({ length: BATCH }, (_, i) => i % 10);
const batch = (i: number): ImageBatch => ({
  xs: tf.randomUniform([BATCH, SIZE, SIZE, 3], 0, 255, 'float32', i),
  ys: tf.oneHot(labels, 10),
});
const data = Dataset.from(Array.from({ length: BATCHES }, (_, i) => i + 1)).map(batch);
const seconds = counts.map((): number[] => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [at, threads] of counts.entries()) {
    const workers = threads === 1 ? undefined : trainingWorkers({ threads });
    const run = (): Promise<unknown> => evaluate(model, data, workers === undefined ? {} : { workers });
    await run();
    const start = performance.now();
    await run();
    seconds[at]?.push((performance.now() - start) / 1000);
    await workers?.dispose();
  }
}
printTable(
  `evaluate, B0, ${SIZE} px, batches of ${BATCH}, backend ${backend}`,
  ['threads', 'images per second', `time / time with ${counts[0]} thread(s)`],
  counts.map((threads, at) => [
    String(threads),
    ((BATCHES * BATCH) / median(seconds[at] ?? [])).toFixed(1),
    formatRatios(pairRatios(seconds[at] ?? [], seconds[0] ?? [])),
  ]),
);
console.log(`\n${machineLine(machine)}`);
