// What do float16 and int8, stored or computed with, cost in accuracy, and what do they save in time? A head is learned on clothes, and each export of the
// whole classifier answers the same validation photos; then all of them take turns on one batch.
// npm run bench:quantization                              Lite0 and the photos of examples/data, 2 threads; two minutes on two quiet cores
// npm run bench:quantization -- FOLDER 1                  a folder with train/ and validation/, threads
// B0_WEIGHTS names a file of B0's ImageNet weights; without it B0 is reported as missing. A file without its top is used as far as block6d_add.
// The figures go to bench/quantization/results.json too.

import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import { evaluate, imageBatches, selectBackend, type ImageBatch, type ImageFolder } from '../../src/node.js';
import { calibrate } from '../../src/onnx/calibrate.js';
import { ModelProtoSchema } from '../../src/onnx/proto/onnx_pb.js';
import { quantize, tensorsToCalibrate } from '../../src/onnx/quantize.js';
import { createRuntime, exportOnnx, type Runtime } from '../../src/onnx.js';
import { batches, classifier, CLOTHING, firstClasses, networksAtHand, photosIn, type Network } from './classifier.js';

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const [folder = CLOTHING, threads = '2', rounds = '15'] = process.argv.slice(2);
const FORMS = ['float32', 'dtype float16', 'dtype int8', 'compute float16', 'compute int8'] as const;
const EXPORTS = { 'float32': {}, 'dtype float16': { dtype: 'float16' }, 'dtype int8': { dtype: 'int8' }, 'compute float16': { compute: 'float16' } } as const;
const CALIBRATION_PHOTOS = 128;

interface Row {
  readonly form: (typeof FORMS)[number];
  readonly megabytes: number;
  readonly accuracy: number;
  /** Photos whose first class is that of float32. */
  readonly agreement: number;
  readonly milliseconds: number[];
}

function median(values: readonly number[], share = 0.5): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? NaN;
}

const runtimeOptions = { threads: Number(threads) };

async function measure(network: Network, train: ImageFolder, validation: ImageFolder): Promise<Row[]> {
  const model = await classifier(network, train, runtimeOptions.threads);
  const rows: (Row & { readonly runtime: Runtime })[] = [];
  let reference: readonly number[] = [];
  for (const form of FORMS) {
    const calibration = imageBatches(train.images.shuffle(train.images.size, { seed: 1 }).take(CALIBRATION_PHOTOS), { batchSize: 16 });
    const bytes = form === 'compute int8' ? await exportInt8(model, calibration) : await exportOnnx(model, EXPORTS[form]);
    const runtime = await createRuntime(bytes, runtimeOptions);
    const { accuracy, predictions } = await evaluate(runtime, batches(validation));
    const answers = firstClasses(predictions.probabilities, train.classNames.length);
    if (form === 'float32') reference = answers;
    const agreement = answers.filter((answer, i) => answer === reference[i]).length / answers.length;
    rows.push({ form, megabytes: bytes.length / 1e6, accuracy, agreement, milliseconds: [], runtime });
  }
  const size = model.inputs[0]?.shape[1] ?? 224;
  const pixels = Float32Array.from({ length: size * size * 3 }, (_, i) => (i * 7919) % 256);
  for (let round = -2; round < Number(rounds); round++) {
    for (const { runtime, milliseconds } of rows) {
      // Threads of the session before still look for work for some 40 ms.
      await setTimeout(80);
      const start = performance.now();
      await runtime.run(pixels, [1, size, size, 3]);
      if (round >= 0) milliseconds.push(performance.now() - start);
    }
  }
  for (const { runtime } of rows) await runtime.dispose();
  model.dispose();
  return rows.map(({ runtime: _, ...row }) => row);
}

/** What exportOnnx does with `compute: 'int8'`, also where it refuses as well: that is what is found out here. */
async function exportInt8(model: tfl.LayersModel, calibration: AsyncIterable<ImageBatch>): Promise<Uint8Array> {
  const file = fromBinary(ModelProtoSchema, await exportOnnx(model));
  quantize(file, await calibrate(file, tensorsToCalibrate(file), calibration, undefined));
  return toBinary(ModelProtoSchema, file);
}

await selectBackend();
const { train, validation } = await photosIn(folder);
const load = loadavg()[0] ?? 0;
const results = [];
for (const network of networksAtHand()) {
  const { variant } = network;
  const rows = await measure(network, train, validation);
  const [base] = rows;
  console.log(`\n${variant}, ${train.images.size} photos to learn from, ${validation.images.size} to answer, ${threads} threads, batch 1\n`);
  console.log('| form | megabytes | accuracy | same first class | milliseconds | 10 %-90 % | of the time of float32 |\n|---|---|---|---|---|---|---|');
  for (const { form, megabytes, accuracy, agreement, milliseconds } of rows) {
    const ratio = median(milliseconds.map((value, i) => value / (base?.milliseconds[i] ?? NaN)));
    const spread = [0.1, 0.9].map((share) => median(milliseconds, share).toFixed(1)).join('-');
    console.log(`| ${form} | ${megabytes.toFixed(1)} | ${(100 * accuracy).toFixed(1)} % | ${(100 * agreement).toFixed(1)} % | ${median(milliseconds).toFixed(1)} | ${spread} | ${ratio.toFixed(2)} |`);
  }
  results.push({ variant, rows });
}
const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version, threads: Number(threads), load };
console.log(`\n${machine.processor ?? ''}, ${machine.cores} cores, ${threads} threads, Node ${machine.node}; load before: ${load.toFixed(1)}`);
await writeFile(here('results.json'), `${JSON.stringify({ machine, folder: path.basename(folder), photos: [train.images.size, validation.images.size], results }, null, 1)}\n`);
