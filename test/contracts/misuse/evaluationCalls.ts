import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { efficientNet, evaluatePredictions, imageIndex, modelSummary, setClassNames, VARIANTS } from '../../../src/index.js';
import type { EvaluationBatch, ImageIndex, Pixels } from '../../../src/index.js';
import { fillModel } from '../../support/fillModel.js';
import type { BaseCalls } from './baseCall.js';

const classNames = ['a', 'b'];
const files = ['1.jpg', '2.jpg', '3.jpg', '4.jpg'];
const probabilities = [
  [0.9, 0.1],
  [0.4, 0.6],
  [0.3, 0.7],
  [0.8, 0.2],
];
const evaluation = evaluatePredictions(probabilities, ['a', 'b', 'a', 'a'], { classNames, files });
const { signal } = new AbortController();
const preprocessing = { inputSize: 32, fit: 'stretch' } as const;
const nothing = (): void => undefined;
const image: Pixels = { width: 32, height: 32, channels: 3, data: Uint8Array.from({ length: 3072 }, (_, i) => i % 256) };
const batch = (): EvaluationBatch => ({ xs: tf.fill([2, 32, 32, 3], 100), ys: tf.tensor1d([0, 1], 'int32'), files: ['1.jpg', '2.jpg'] });
/** Batches that are made when they are read. */
const batches = {
  *[Symbol.iterator]() {
    yield batch();
  },
};

function model(): LayersModel {
  const made = efficientNet(
    { ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.1, inputSize: 32, stages: VARIANTS.lite0.stages.slice(0, 1) },
    { classes: 2 },
  );
  fillModel(made, 2);
  setClassNames(made, classNames);
  return made;
}

/** An index of two classes with two images each. */
async function index(): Promise<ImageIndex> {
  const made = await imageIndex(model(), { preprocessing });
  const labeled = [0, 1, 0, 1].map((label) => ({ pixels: image, label }));
  await made.add(labeled, { classNames });
  return made;
}

export const evaluationCalls: BaseCalls = {
  auditDataset: {
    args: () => [
      [0, 1, 0, 1].map((label, i) => ({ pixels: image, label, origin: `${i}.jpg` })),
      { features: model(), classNames, preprocessing, checks: ['dark'], folds: 2, seed: 1, batchSize: 2, onProgress: nothing, signal },
    ],
  },
  averagePrecision: { args: () => [evaluation] },
  classActivationMap: { args: () => [model(), image, { target: 'b', preprocessing }] },
  classificationReport: { args: () => [evaluation, { digits: 3 }] },
  classify: { args: () => [model(), image, { topK: 1, classNames, preprocessing, unknownThreshold: 0.5 }] },
  classifyMany: { args: () => [model(), [image], { topK: 1, classNames, preprocessing, unknownThreshold: 0.5, batchSize: 2, signal }] },
  compareEvaluations: { args: () => [evaluation, evaluation] },
  confidenceInterval: { args: () => [evaluation, 'accuracy', { level: 0.9, resamples: 10, seed: 1 }] },
  confusedPairs: { args: () => [evaluation, 2] },
  confusionTable: { args: () => [evaluation, { maxClasses: 2, width: 80 }] },
  crossValidate: {
    args: () => [
      [0, 1, 2, 3],
      {
        trainFold: () => Promise.resolve(model()),
        data: () => batches,
        folds: 2,
        seed: 1,
        stratifyBy: (item: number) => item % 2,
        groupBy: (item: number) => item,
        evaluateOptions: { classNames, topK: [1], bins: 5, otherPreprocessing: 'accept' },
        onProgress: nothing,
        signal,
      },
    ],
  },
  ensemble: { args: () => [[model(), model()], { memberWeights: [1, 2] }] },
  'ensemble().predict': {
    args: () => [tf.fill([1, 32, 32, 3], 100)],
    on: async () => (await import('../../../src/index.js')).ensemble([model()]),
  },
  evaluate: {
    args: () => [
      model(),
      batches,
      { classNames, topK: [1], bins: 5, fromLogits: true, otherPreprocessing: 'accept', batchSize: 2, onProgress: nothing, signal },
    ],
  },
  evaluatePredictions: { args: () => [probabilities, ['a', 'b', 'a', 'a'], { classNames, topK: [1], bins: 5, fromLogits: false, files }] },
  evaluateUnknown: { args: () => [[0.9, 0.8], Float32Array.of(0.5, 0.2)] },
  fitTemperature: { args: () => [evaluation] },
  fitUnknownThreshold: { args: () => [evaluation, { maxError: 0.6 }] },
  confidencesOf: { args: () => [evaluation] },
  coverageCurve: { args: () => [evaluation] },
  gradCam: { args: () => [model(), image, { layer: 'top_activation', target: 1, preprocessing, method: 'gradCam++', smooth: 1, seed: 1 }] },
  imageIndex: { args: async () => [model(), { preprocessing, saved: await (await index()).arrays() }] },
  'imageIndex().add': { args: () => [[{ pixels: image }], { className: 'c', batchSize: 2, onProgress: nothing, signal }], on: index },
  'imageIndex().remove': { args: () => [nothing], on: index },
  'imageIndex().search': { args: () => [image, { topK: 2, className: 'b' }], on: index },
  'imageIndex().classifier': { args: () => [model(), { shrinkage: 0.5 }], on: index },
  'imageIndex().arrays': { args: () => [], on: index },
  labelIssues: { args: () => [evaluation] },
  modelSummary: { args: () => [model(), { batchSize: 2 }] },
  mostWrong: { args: () => [evaluation, 2] },
  occlusionMap: {
    args: () => [
      model(),
      image,
      { target: 1, preprocessing, patchSize: 16, stride: 16, fillValue: 100, batchSize: 2, onProgress: nothing, signal },
    ],
  },
  overlayHeat: {
    args: () => [
      image,
      {
        width: 2,
        height: 2,
        values: new Float32Array(4),
        box: { top: 0, left: 0, height: 1, width: 1 },
        classIndex: 0,
        className: 'a',
        probability: 0.5,
      },
      { opacity: 0.5 },
    ],
  },
  precisionRecallCurve: { args: () => [evaluation, 'a'] },
  predictionsCsv: { args: () => [evaluation] },
  predictionsTable: { args: () => [evaluation] },
  rocAuc: { args: () => [evaluation] },
  rocCurve: { args: () => [evaluation, 1] },
  summaryTable: { args: () => [modelSummary(model())] },
  testTimeAugmentation: { args: () => [model(), { views: 'five', size: 32 }] },
  'testTimeAugmentation().predict': {
    args: () => [tf.fill([1, 32, 32, 3], 100)],
    on: async () => (await import('../../../src/index.js')).testTimeAugmentation(model()),
  },
  warmup: { args: () => [model(), { batchSize: 2, inputSize: 32 }] },
  withTemperature: { args: () => [evaluation, 2] },
};
