// Measures ONNX exports with float16 and int8 numbers, only stored or also computed with, against the float32 export: file size, accuracy,
// and time. A head is trained on images of clothes. Each export of the whole classifier then predicts the same validation images, and all
// exports take turns on one image. Ratios are the time of the export divided by that of float32.
// npm run bench:quantization                              Lite0 and the images of examples/data, 2 threads; two minutes on two quiet cores
// npm run bench:quantization -- FOLDER 1                  a folder with train/ and validation/, threads
// B0_WEIGHTS names a file of B0's ImageNet weights; without it B0 is reported as missing. A file without its top is used as far as
// block6d_add. All results are written to bench/quantization/results.json.

import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type * as tfl from '@tensorflow/tfjs-layers';
import { evaluate, imageBatches, selectBackend, type ImageBatch, type ImageFolder } from '../../src/node.js';
import { calibrate } from '../../src/onnx/calibrate.js';
import { ModelProtoSchema } from '../../src/onnx/proto/onnx_pb.js';
import { quantize, tensorsToCalibrate } from '../../src/onnx/quantize.js';
import { createRuntime, exportOnnx, type Runtime } from '../../src/onnx.js';
import { describeMachine } from '../support/machine.js';
import { formatRatio, formatSpread, printTable, writeResults } from '../support/results.js';
import { median, pairRatios } from '../support/statistics.js';
import { batches, classifier, CLOTHING, firstClasses, availableNetworks, imagesIn, type Network } from './classifier.js';

const [folder = CLOTHING, threads = '2', rounds = '15'] = process.argv.slice(2);
const FORMS = ['float32', 'dtype float16', 'dtype int8', 'compute float16', 'compute int8'] as const;
const EXPORTS = {
  float32: {},
  'dtype float16': { dtype: 'float16' },
  'dtype int8': { dtype: 'int8' },
  'compute float16': { compute: 'float16' },
} as const;
const CALIBRATION_IMAGES = 128;

interface Row {
  readonly form: (typeof FORMS)[number];
  readonly megabytes: number;
  readonly accuracy: number;
  /** Fraction of the images whose most probable class is that of float32. */
  readonly agreement: number;
  readonly milliseconds: number[];
}

const runtimeOptions = { threads: Number(threads) };

async function measure(network: Network, train: ImageFolder, validation: ImageFolder): Promise<Row[]> {
  const model = await classifier(network, train, runtimeOptions.threads);
  const rows: (Row & { readonly runtime: Runtime })[] = [];
  let reference: readonly number[] = [];
  for (const form of FORMS) {
    const calibration = imageBatches(train.images.shuffle(train.images.size, { seed: 1 }).take(CALIBRATION_IMAGES), { batchSize: 16 });
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
      // The threads of the previous session keep looking for work for about 40 ms.
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

/** Does what exportOnnx does with `compute: 'int8'`, also for networks that it refuses: this benchmark shows why it refuses them. */
async function exportInt8(model: tfl.LayersModel, calibration: AsyncIterable<ImageBatch>): Promise<Uint8Array> {
  const file = fromBinary(ModelProtoSchema, await exportOnnx(model));
  quantize(file, await calibrate(file, tensorsToCalibrate(file), calibration, undefined));
  return toBinary(ModelProtoSchema, file);
}

await selectBackend();
const { train, validation } = await imagesIn(folder);
const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core']);
const results = [];
for (const network of availableNetworks()) {
  const { variant } = network;
  const rows = await measure(network, train, validation);
  const [base] = rows;
  const title = `${variant}, ${train.images.size} images to train on, ${validation.images.size} to predict, ${threads} threads, batch 1`;
  printTable(
    title,
    ['form', 'megabytes', 'accuracy', 'same class as float32', 'milliseconds', '10 %-90 %', 'time / time of float32'],
    rows.map((row) => [
      row.form,
      row.megabytes.toFixed(1),
      `${(100 * row.accuracy).toFixed(1)} %`,
      `${(100 * row.agreement).toFixed(1)} %`,
      median(row.milliseconds).toFixed(1),
      formatSpread(row.milliseconds, 1),
      formatRatio(median(pairRatios(row.milliseconds, base?.milliseconds ?? []))),
    ]),
  );
  results.push({ variant, rows });
}
await writeResults(new URL('results.json', import.meta.url), {
  machine,
  settings: {
    threads: Number(threads),
    rounds: Number(rounds),
    folder: path.basename(folder),
    images: [train.images.size, validation.images.size],
  },
  results,
});
