// The page of browser.ts: JPEG files of ten colors, a network with the 1,280 features of Lite0, and a head.

import '@tensorflow/tfjs-backend-wasm';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { browserPixels, Dataset, efficientNet, featureDatabase, imageBatches, trainHead, VARIANTS } from '../../src/index.js';
import { registerWasmTraining } from '../../src/wasm.js';

const SIDE = 16;
const CLASSES = 10;

/** Trains on `count` files. Files of the same number are equal in every run. */
export async function train(count: number): Promise<{ seconds: number; accuracy: number }> {
  setWasmPaths('/');
  await tf.setBackend('wasm');
  await registerWasmTraining();
  const spec = { ...VARIANTS.lite0, inputSize: SIDE, stages: VARIANTS.lite0.stages.slice(0, 1) };
  const backbone = efficientNet(spec, { seed: 1 });
  const photos = await Promise.all(Array.from({ length: CLASSES }, (_, label) => photo(label)));
  const files = Array.from({ length: count }, (_, i) => ({
    file: new File([photos[i % CLASSES] as Blob], `${i}.jpg`, { lastModified: 1 }),
    label: i % CLASSES,
  }));
  const images = Dataset.from(files)
    .map(async ({ file, label }) => ({ pixels: await browserPixels(file), label, origin: file.name }), { varies: false, concurrency: 8 })
    .withPreprocessing({ inputSize: SIDE, fit: 'stretch' });
  const start = performance.now();
  const { history } = await trainHead(backbone, {
    classNames: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
    train: imageBatches(images),
    epochs: 2,
    batchSize: 128,
    featureStore: featureDatabase('scale'),
    seed: 1,
  });
  return { seconds: Math.round((performance.now() - start) / 1000), accuracy: Number(history.at(-1)?.accuracy) };
}

async function photo(label: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.fillStyle = `hsl(${36 * label} 80% 50%)`;
  context.fillRect(0, 0, SIDE, SIDE);
  return canvas.convertToBlob({ type: 'image/jpeg' });
}
