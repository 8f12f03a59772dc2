// Takes one measurement in its own process: node --import tsx case.ts TASK FILE VARIANT. Prints one line of JSON.
// The task 'floor' reads the file and copies every array into a tensor. The task 'load' calls loadWeights; its peak memory includes the
// network.

import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { efficientNet, loadWeights, selectBackend, type Variant } from 'effnet-ts/node';

const [task = '', file = '', variant = 'b0'] = process.argv.slice(2);
await selectBackend(['wasm']);
const before = process.memoryUsage().rss;
const model = task === 'floor' ? undefined : efficientNet(variant as Variant);

const start = performance.now();
const cpu = process.cpuUsage();
if (model === undefined) await copyIntoTensors(file);
else await loadWeights(model, file);
const { user, system } = process.cpuUsage(cpu);

console.log(
  JSON.stringify({
    milliseconds: performance.now() - start,
    cpuMilliseconds: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024 - before,
  }),
);

async function copyIntoTensors(path: string): Promise<void> {
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  for (const {
    shape,
    data_offsets: [from, to],
  } of Object.values(header)) {
    const place = bytes.byteOffset + 8 + length;
    tf.tensor(new Float32Array(bytes.buffer.slice(place + from, place + to)), shape);
  }
}
