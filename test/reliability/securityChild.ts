// Real work of every entry, in a process that must not make code of text and must not reach a network.

import dns from 'node:dns';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  adam,
  classificationReport,
  classify,
  Dataset,
  decodeExample,
  decodeImage,
  efficientNet,
  encodeExample,
  encodeImage,
  evaluate,
  feature,
  foldBatchNorm,
  imageBatches,
  imagesFromCsv,
  loadModel,
  loadWeights,
  readSafetensors,
  readTorch,
  saveModel,
  selectBackend,
  softmaxCrossEntropy,
  VARIANTS,
  weightsOf,
  writeReport,
  writeSafetensors,
} from '../../src/node.js';
import { readKeras, writeKeras } from '../../src/hdf5.js';
import { IMAGENET_CLASS_NAMES } from '../../src/imagenet.js';
import { createRuntime, exportOnnx } from '../../src/onnx.js';
import { confusionChart, renderPng, renderSvg } from '../../src/plots.js';

const reached: string[] = [];
const trap = (name: string) => (): never => {
  reached.push(name);
  throw new Error(`the network was reached by ${name}`);
};
Object.assign(globalThis, { fetch: trap('fetch'), WebSocket: trap('WebSocket') });
net.Socket.prototype.connect = trap('Socket.connect');
Object.assign(dns, { lookup: trap('dns.lookup'), resolve: trap('dns.resolve') });

let isCodeMade = true;
try {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- to see that it is refused
  new Function('return 1')();
} catch {
  isCodeMade = false;
}

const folder = mkdtempSync(path.join(tmpdir(), 'security-'));
const { backend } = await selectBackend(['wasm']);
const classNames = ['cat', 'dog'];
const model = efficientNet({ ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 }, { classes: 2, inputSize: 32, seed: 1 });
const pixels = (value: number) => ({ width: 32, height: 32, channels: 3, data: new Uint8Array(32 * 32 * 3).fill(value) });
for (const [name, value] of [
  ['a', 10],
  ['b', 200],
] as const)
  writeFileSync(path.join(folder, `${name}.png`), await encodeImage(pixels(value)));
writeFileSync(path.join(folder, 'table.csv'), 'id,label\na.png,cat\nb.png,dog\n');
const { images } = await imagesFromCsv(path.join(folder, 'table.csv'), { pathColumn: 'id', labelColumn: 'label', preprocessing: model });
model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
await model.fitDataset(imageBatches(images, { batchSize: 2 }), { epochs: 1, verbose: 0 });
const evaluation = await evaluate(model, imageBatches(images, { batchSize: 2 }), { classNames });
classificationReport(evaluation);
await renderSvg(confusionChart(evaluation));
await renderPng(confusionChart(evaluation));
await writeReport(path.join(folder, 'report'), { evaluation });
await classify(model, await decodeImage(path.join(folder, 'a.png')));
await saveModel(model, path.join(folder, 'model'));
(await loadModel(path.join(folder, 'model'))).dispose();
(await foldBatchNorm(model)).dispose();
await loadWeights(model, readSafetensors(writeSafetensors(await weightsOf(model, { layout: 'timm' }))));
await loadWeights(model, await readKeras(await writeKeras(model)));
readTorch(new Uint8Array(readFileSync('test/fixtures/weights/state.pth')));
await decodeExample(await encodeExample({ label: feature.int64(1) }));
const runtime = await createRuntime(await exportOnnx(model));
tf.dispose(await runtime.predict(tf.zeros([1, 32, 32, 3])));
await Dataset.range(3).toArray();
console.log(JSON.stringify({ backend, isCodeMade, reached, names: IMAGENET_CLASS_NAMES.length }));
process.exit(0);
