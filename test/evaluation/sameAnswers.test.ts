// What evaluate measures is what classify answers, photo by photo. The whole of it, with Python, is test/oracles/protocol.oracle.ts.

import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { classify, evaluate, type Predictor } from '../../src/evaluation/index.js';
import { preprocess, type Pixels, type Preprocessing } from '../../src/image/index.js';
import { efficientNet, foldBatchNorm, replaceHead, setClassNames, setPreprocessing } from '../../src/models/index.js';
import { decodeImage, loadModel, saveModel } from '../../src/node/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.lite0, widthCoefficient: 0.25, depthCoefficient: 0.5, inputSize: 64 };
const CLASSES = ['dress', 'hat', 'shoes'];
const photos: Pixels[] = [];

beforeAll(async () => {
  await startWasm();
  for (const name of CLASSES) {
    const folder = new URL(`../../examples/data/clothing/validation/${name}/`, import.meta.url);
    for (const file of (await readdir(folder)).slice(0, 2)) photos.push(await decodeImage(new URL(file, folder)));
  }
});

test.each<Preprocessing>([
  { inputSize: 64, fit: 'stretch' },
  { inputSize: 64, fit: 'crop', cropFraction: 0.875, margins: 'ceil', interpolation: 'bicubic' },
  { inputSize: 64, fit: 'pad', fillValue: 114, antialias: true },
  { inputSize: 64, fit: 'resizeCrop', cropFraction: 0.875, margins: 'even', resampler: 'pillow' },
])('$fit: saved and loaded, folded and on ONNX Runtime, a model answers as it was measured', async (record) => {
  const features = efficientNet(SPEC, { includeTop: false, pooling: 'avg' });
  fillModel(features, 2);
  const model = replaceHead(features, { classes: 3, seed: 1 });
  setClassNames(model, CLASSES);
  setPreprocessing(model, record);
  const { predictions } = await evaluate(model, photos.map((photo, i) => ({ pixels: preprocess(photo, record), label: Math.floor(i / 2) })));
  const place = path.join(await mkdtemp(path.join(tmpdir(), 'effnet-')), 'model');
  await saveModel(model, place);
  const loaded = await loadModel(place);
  const places: readonly (LayersModel | Predictor)[] = [model, loaded, await foldBatchNorm(loaded), await createRuntime(await exportOnnx(loaded))];
  for (const each of places) {
    for (const [i, photo] of photos.entries()) {
      const answer = await classify(each, photo);
      expect(answer[0]!.index).toBe(predictions.predicted[i]);
      const row = [...answer].sort((a, b) => a.index - b.index).map(({ probability }) => probability);
      expect(row).toBeAllclose(predictions.probabilities.subarray(i * 3, i * 3 + 3), { tolerance: 1e-5 });
    }
  }
  // The photos do tell one preprocessing from another: the answers depend on it.
  const [other] = await classify(model, photos[0]!, { preprocessing: { inputSize: 64, fit: 'crop', cropFraction: 0.4 } });
  expect(Math.abs(other!.probability - Math.max(...predictions.probabilities.subarray(0, 3)))).toBeGreaterThan(1e-4);
});
