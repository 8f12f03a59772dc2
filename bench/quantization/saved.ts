// Measures model folders with smaller kernels (saveModel with `dtype`) against float32: size, accuracy, and how far the predictions move. A
// head is trained on images of clothes. The classifier is saved in each form, loaded again, and predicts the same validation images. For
// comparison, one form stores every weight as uint8, as the converter's `--quantize_uint8` does.
// npm run bench:saved-models                              Lite0 and the images of examples/data; two minutes on two quiet cores
// npm run bench:saved-models -- FOLDER                    a folder with train/ and validation/
// B0_WEIGHTS names a file of B0's ImageNet weights; without it B0 is reported as missing.
// All results are written to bench/quantization/saved.json.

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { evaluate, loadModel, saveModel, selectBackend, type ImageFolder } from '../../src/node.js';
import { createRuntime } from '../../src/onnx.js';
import { describeMachine } from '../support/machine.js';
import { formatRatio, printTable, writeResults } from '../support/results.js';
import { batches, classifier, CLOTHING, firstClasses, availableNetworks, imagesIn } from './classifier.js';

const [folder = CLOTHING] = process.argv.slice(2);

interface Row {
  readonly form: string;
  readonly megabytes: number;
  readonly accuracy: number;
  /** Fraction of the images whose most probable class is that of float32. */
  readonly agreement: number;
  /** Difference of the probabilities from those of float32. */
  readonly meanDifference: number;
  readonly largestDifference: number;
}

type Saved = readonly [form: string, megabytes: number, model: tfl.LayersModel];

async function throughFolder(model: tfl.LayersModel, dtype: 'float32' | 'float16' | 'uint8'): Promise<Saved> {
  const place = await mkdtemp(path.join(tmpdir(), 'effnet-saved-'));
  await saveModel(model, path.join(place, 'model'), { dtype });
  const files = await readdir(path.join(place, 'model'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(place, 'model', file))).size));
  const loaded = await loadModel(path.join(place, 'model'));
  await rm(place, { recursive: true });
  return [dtype, sizes.reduce((sum, size) => sum + size, 0) / 1e6, loaded];
}

/** Every weight in 256 even steps from its lowest to its highest number, biases and statistics too. */
async function everythingUint8(model: tfl.LayersModel, megabytes: number): Promise<Saved> {
  const artifacts: io.ModelArtifacts[] = [];
  await saveModel(model, {
    save: (given) => Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(artifacts.push(given)), modelTopologyType: 'JSON' } }),
  });
  const [given] = artifacts;
  if (given?.weightSpecs === undefined) throw new Error('nothing was saved');
  const all = new Float32Array(given.weightData as ArrayBuffer);
  let at = 0;
  const weightSpecs = given.weightSpecs.map((spec): io.WeightsManifestEntry => {
    const values = all.subarray(at, (at += spec.shape.reduce((product, length) => product * length, 1)));
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const scale = (values.reduce((a, b) => Math.max(a, b), -Infinity) - low) / 255 || 1;
    const min = low <= 0 ? 0 - Math.round(-low / scale) * scale : low;
    values.forEach((value, i) => {
      values[i] = Math.min(255, Math.max(0, Math.round((value - min) / scale)));
    });
    return { ...spec, quantization: { dtype: 'uint8', scale, min } };
  });
  const loaded = await loadModel({ load: () => Promise.resolve({ ...given, weightSpecs, weightData: Uint8Array.from(all).buffer }) });
  return ['every weight uint8', megabytes - (3 * all.length) / 1e6, loaded];
}

async function measure(model: tfl.LayersModel, validation: ImageFolder): Promise<Row[]> {
  const full = await throughFolder(model, 'float32');
  const forms = [full, await throughFolder(model, 'float16'), await throughFolder(model, 'uint8'), await everythingUint8(model, full[1])];
  const rows: Row[] = [];
  let reference: Float32Array | undefined;
  for (const [form, megabytes, loaded] of forms) {
    const runtime = await createRuntime(loaded);
    const { accuracy, predictions } = await evaluate(runtime, batches(validation));
    const probabilities = Float32Array.from(predictions.probabilities);
    reference ??= probabilities;
    const differences = probabilities.map((value, i) => Math.abs(value - (reference?.[i] ?? NaN)));
    const [answers, expected] = [probabilities, reference].map((values) => firstClasses(values, validation.classNames.length));
    rows.push({
      form,
      megabytes,
      accuracy,
      agreement: (answers ?? []).filter((answer, i) => answer === expected?.[i]).length / (answers?.length ?? NaN),
      meanDifference: differences.reduce((sum, value) => sum + value, 0) / differences.length,
      largestDifference: differences.reduce((a, b) => Math.max(a, b), 0),
    });
    await runtime.dispose();
    loaded.dispose();
  }
  return rows;
}

const machine = describeMachine(['onnxruntime-node', '@tensorflow/tfjs-core']);
await selectBackend();
const { train, validation } = await imagesIn(folder);
const results = [];
for (const network of availableNetworks()) {
  const model = await classifier(network, train, 2);
  const rows = await measure(model, validation);
  model.dispose();
  const [full] = rows;
  printTable(
    `${network.variant}, ${train.images.size} images to train on, ${validation.images.size} to predict`,
    ['dtype', 'folder', 'size / size of float32', 'accuracy', 'same class as float32', 'mean difference', 'largest difference'],
    rows.map(({ form, megabytes, accuracy, agreement, meanDifference, largestDifference }) => [
      form,
      `${megabytes.toFixed(1)} MB`,
      formatRatio(megabytes / (full?.megabytes ?? NaN)),
      `${(100 * accuracy).toFixed(1)} %`,
      `${(100 * agreement).toFixed(1)} %`,
      meanDifference.toFixed(5),
      largestDifference.toFixed(4),
    ]),
  );
  results.push({ variant: network.variant, rows });
}
await writeResults(new URL('saved.json', import.meta.url), {
  machine,
  settings: { folder: path.basename(folder), images: [train.images.size, validation.images.size] },
  results,
});
