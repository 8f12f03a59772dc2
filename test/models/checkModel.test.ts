// Every function that takes a model refuses a disposed one with the same sentence.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset, imageBatches } from '../../src/data/index.js';
import { classActivationMap, gradCam, occlusionMap } from '../../src/evaluation/explain/index.js';
import { classify, classifyMany, ensemble, evaluate, testTimeAugmentation, warmup } from '../../src/evaluation/predict/index.js';
import { writeKeras } from '../../src/hdf5/index.js';
import {
  classNamesOf,
  efficientNet,
  featureExtractor,
  foldBatchNorm,
  modelSummary,
  planOf,
  replaceHead,
  saveModel,
  setClassNames,
  setPreprocessing,
} from '../../src/models/index.js';
import { createRuntime, exportOnnx } from '../../src/onnx/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { fineTune, freeze, trainableSummary, trainHead, unfreeze } from '../../src/training/index.js';
import { loadWeights, namedWeights, weightsOf } from '../../src/weights/index.js';

const tiny = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };
const build = (): LayersModel => efficientNet(tiny, { classes: 2, inputSize: 32 });
const pixels = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072) } as const;
const images = Dataset.from([
  { pixels, label: 0 },
  { pixels, label: 1 },
]).withPreprocessing({ inputSize: 32, fit: 'stretch' });
const classNames = ['cat', 'dog'];

const uses: Record<string, (model: LayersModel) => unknown> = {
  classify: (model) => classify(model, pixels),
  classifyMany: (model) => classifyMany(model, [pixels]),
  evaluate: (model) => evaluate(model, images),
  warmup: (model) => warmup(model),
  testTimeAugmentation: (model) => testTimeAugmentation(model),
  ensemble: (model) => ensemble([model]),
  gradCam: (model) => gradCam(model, pixels),
  classActivationMap: (model) => classActivationMap(model, pixels),
  occlusionMap: (model) => occlusionMap(model, pixels),
  classNamesOf: (model) => classNamesOf(model),
  setClassNames: (model) => {
    setClassNames(model, classNames);
  },
  setPreprocessing: (model) => {
    setPreprocessing(model, { inputSize: 32, fit: 'stretch' });
  },
  featureExtractor: (model) => featureExtractor(model, ['reduction_3']),
  foldBatchNorm: (model) => foldBatchNorm(model),
  modelSummary: (model) => modelSummary(model),
  planOf: (model) => planOf(model),
  replaceHead: (model) => replaceHead(model, { classes: 3 }),
  saveModel: (model) => saveModel(model, 'indexeddb://model'),
  trainHead: (model) => trainHead(model, { classNames, train: imageBatches(images) }),
  fineTune: (model) => fineTune(model, { train: imageBatches(images), stages: [{ unfreeze: 'all', epochs: 1 }] }),
  freeze: (model) => {
    freeze(model);
  },
  unfreeze: (model) => {
    unfreeze(model);
  },
  trainableSummary: (model) => trainableSummary(model),
  weightsOf: (model) => weightsOf(model),
  namedWeights: (model) => namedWeights(model),
  loadWeights: (model) => loadWeights(model, new Map()),
  exportOnnx: (model) => exportOnnx(model),
  createRuntime: (model) => createRuntime(model),
  writeKeras: (model) => writeKeras(model),
};

beforeAll(() => tf.setBackend('cpu'));

describe('a disposed model', () => {
  let model: LayersModel;
  beforeAll(() => {
    model = build();
    model.dispose();
  });
  test.each(Object.entries(uses))('is refused by %s', async (name, use) => {
    const option = name === 'trainHead' ? 'backbone' : name === 'ensemble' ? 'members[0]' : 'model';
    await expect((async () => await use(model))()).rejects.toThrow(
      `${name}: expected a model in use for \`${option}\`, received one that is disposed.`,
    );
  });
});

test('the error for a backbone whose head was replaced names the model to use instead', async () => {
  const backbone = build();
  const model = replaceHead(backbone, { classes: 3 });
  await expect(weightsOf(backbone)).rejects.toThrow(
    'weightsOf: expected a model in use for `model`, received one that is disposed. ' +
      'If trainHead or replaceHead took its layers over, use the model that it returned.',
  );
  expect(planOf(model).parameters.total).toBeGreaterThan(0);
  model.dispose();
  expect(() => planOf(backbone)).toThrow('planOf: expected a model in use for `model`, received one that is disposed.');
});

test('a model whose weights are disposed is refused like a disposed model', async () => {
  const [model, other] = [build(), build()];
  model.weights[0]?.dispose();
  await expect(weightsOf(model)).rejects.toThrow('weightsOf: expected a model in use for `model`, received one that is disposed.');
  tf.disposeVariables();
  for (const use of [exportOnnx, weightsOf, (given: LayersModel) => saveModel(given, 'indexeddb://model')]) {
    await expect(use(other)).rejects.toThrow(': expected a model in use for `model`, received one that is disposed.');
  }
});

test('a model is disposed when another model disposes the layers they share', () => {
  const model = build();
  const headless = replaceHead(efficientNet(tiny, { includeTop: false, inputSize: 32 }), { classes: 3 });
  const features = featureExtractor(model, ['reduction_3']);
  expect(planOf(features).layers.length).toBeGreaterThan(0);
  features.dispose();
  expect(() => planOf(model)).toThrow('received one that is disposed.');
  headless.dispose();
});

test('the error for an object that contains a model says to pass its model', async () => {
  const model = build();
  const trained = { model, history: [] } as unknown as LayersModel;
  await expect(saveModel(trained, 'indexeddb://model')).rejects.toThrow(
    'saveModel: expected a layers model, such as efficientNet returns, for `model`, received { model, history }. Pass its `model`.',
  );
  await expect(evaluate(trained, images)).rejects.toThrow('received { model, history }. Pass its `model`.');
  await expect(gradCam(trained, pixels)).rejects.toThrow('received { model, history }. Pass its `model`.');
  model.dispose();
});
