import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  accuracy,
  adam,
  adamW,
  callback,
  constantRate,
  Dataset,
  efficientNet,
  ema,
  softmaxCrossEntropy,
  VARIANTS,
} from '../../../src/index.js';
import { tinyData, tinyModel } from '../../support/tinyTraining.js';
import type { BaseCalls } from './baseCall.js';

const rate = constantRate(0.1);
const common = {
  learningRate: rate,
  weightDecay: 0.1,
  weightDecayMode: 'coupled',
  decays: () => true,
  clipValue: 1,
  accumulationSteps: 2,
  rateOf: () => 1,
} as const;
const decisions = { threshold: 0.5, average: 'macro' } as const;
const monitored = { monitor: 'loss', mode: 'min', minDelta: 0.1 } as const;
const nothing = (): void => undefined;
const { signal } = new AbortController();
const nothingKept = (): Promise<void> => Promise.resolve();
const cacheFile = {
  add: () => Promise.resolve(undefined),
  read: () => Promise.resolve(new Uint8Array()),
  clear: nothingKept,
  close: nothingKept,
};
const store = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
const weight = tf.variable(tf.scalar(1), true, 'misuse_weight');
const backbone = (): LayersModel =>
  efficientNet(
    { ...VARIANTS.lite0, widthCoefficient: 0.1, depthCoefficient: 0.1, inputSize: 32, stages: VARIANTS.lite0.stages.slice(0, 1) },
    { classes: 3 },
  );
const images = Dataset.from([0, 1]).map((label) => ({ xs: tf.fill([1, 32, 32, 3], 100 * label), ys: tf.tensor1d([label], 'int32') }));

function compiled(): LayersModel {
  const model = tinyModel();
  model.compile({ optimizer: adam(), loss: softmaxCrossEntropy() });
  return model;
}

/** The moving average of a run that has begun. */
async function begun(): Promise<object> {
  const average = ema();
  average.setModel(tinyModel());
  await average.onTrainBegin();
  return average;
}

export const trainingCalls: BaseCalls = {
  accuracy: { args: () => [] },
  adam: { args: () => [{ ...common, beta1: 0.8, beta2: 0.9, epsilon: 1e-5 }] },
  adamW: { args: () => [{ ...common, beta1: 0.8, beta2: 0.9, epsilon: 1e-5 }] },
  auc: { args: () => [] },
  binaryCrossEntropy: { args: () => [{ labelSmoothing: 0.1, fromLogits: true }] },
  callback: {
    args: () => [
      {
        onTrainBegin: nothing,
        onEpochBegin: nothing,
        onBatchBegin: nothing,
        onBatchEnd: nothing,
        onEpochEnd: nothing,
        onTrainEnd: nothing,
        save: () => ({}),
        load: nothing,
      },
    ],
  },
  constantRate: { args: () => [0.1] },
  dropRateSchedule: { args: () => [() => 1, { layers: 'dropout' }] },
  earlyStopping: { args: () => [{ ...monitored, patience: 2, restoreBestWeights: false }] },
  ema: { args: () => [{ decay: 0.9, warmup: false }] },
  'ema().apply': { args: () => [tinyModel()], on: begun },
  'ema().use': { args: () => [tinyModel(), nothing], on: begun },
  exponentialDecay: { args: () => [{ initialLearningRate: 0.1, decayRate: 0.9, decaySteps: 10, staircase: false }] },
  f1: { args: () => [decisions] },
  fineTuningRecipe: {
    args: () => [{ images: 600, batchSize: 8, epochs: 2, learningRate: 1e-4, unfreeze: ['predictions'], classifierActivation: 'sigmoid' }],
  },
  fineTune: {
    args: () => [
      tinyModel(),
      {
        train: tinyData(),
        validation: tinyData(),
        stages: [{ unfreeze: 'all', epochs: 1, learningRate: 0.1, batchNorm: 'trained', train: tinyData(), validation: tinyData() }],
        loss: softmaxCrossEntropy(),
        metrics: [accuracy()],
        optimizer: () => adamW(),
        stepsPerEpoch: 1,
        validationSteps: 1,
        initialEpoch: 0,
        classWeights: { 0: 1, 1: 1, 2: 1 },
        callbacks: [callback({})],
        store,
        changedData: 'accept',
        calibrate: false,
        checkpointEverySteps: 1,
        featureCacheBytes: 1000,
        featureCacheStore: { open: () => Promise.resolve(cacheFile) },
        onProgress: nothing,
        signal,
      },
    ],
  },
  focalLoss: { args: () => [{ kind: 'sigmoid', gamma: 1, alpha: 0.5, fromLogits: true }] },
  freeze: { args: () => [tinyModel(), ['predictions']] },
  freezeExceptBatchNorm: { args: () => [tinyModel(), { from: 'block1' }] },
  freezeUpTo: { args: () => [tinyModel(), 'predictions'] },
  inferenceMode: { args: () => [tinyModel(), ['block1'], true] },
  learningRateOf: { args: () => [adam()] },
  learningRateSchedule: { args: () => [rate, { initialStep: 1, onLog: nothing, logEverySteps: 10 }] },
  'NamedOptimizer.applyGradients': { args: () => [{ misuse_weight: tf.scalar(0) }], on: () => adam() },
  'NamedOptimizer.dispose': { args: () => [], on: () => adam() },
  'NamedOptimizer.getConfig': { args: () => [], on: () => adam() },
  'NamedOptimizer.getWeights': { args: () => [], on: () => adam() },
  'NamedOptimizer.minimize': { args: () => [() => tf.square(weight), false, [weight]], on: () => adam() },
  'NamedOptimizer.nameAfter': { args: () => [tinyModel()], on: () => adam() },
  'NamedOptimizer.settle': { args: () => [], on: () => adam() },
  'NamedOptimizer.setWeights': { args: () => [[{ name: 'iter', tensor: tf.scalar(0) }]], on: () => adam() },
  oneCycle: { args: () => [{ maxLearningRate: 0.1, totalSteps: 100, riseShare: 0.5, startDivisor: 10, endDivisor: 100, shape: 'linear' }] },
  perEpoch: { args: () => [rate, 10] },
  polynomialDecay: { args: () => [{ initialLearningRate: 0.1, endLearningRate: 0.01, power: 2, decaySteps: 10 }] },
  precision: { args: () => [decisions] },
  recall: { args: () => [decisions] },
  reduceOnPlateau: { args: () => [{ ...monitored, factor: 0.5, patience: 2, cooldown: 1, minLearningRate: 0.01 }] },
  rmsProp: { args: () => [{ ...common, rho: 0.8, momentum: 0.5, epsilon: 1e-5, centered: true }] },
  rmsPropTF: { args: () => [{ ...common, rho: 0.8, momentum: 0.5, epsilon: 1e-5 }] },
  setLearningRate: { args: () => [adam(), 0.1] },
  sgd: { args: () => [{ ...common, momentum: 0.9, nesterov: true }] },
  softmaxCrossEntropy: { args: () => [{ labelSmoothing: 0.1, fromLogits: true }] },
  stepDecay: { args: () => [{ values: [0.1, 0.01], boundaries: [10] }] },
  terminateOnNaN: { args: () => [] },
  topK: { args: () => [2] },
  featureDatabase: { args: () => ['features'] },
  trainableSummary: { args: () => [compiled()] },
  trainHead: {
    args: () => [
      backbone(),
      {
        train: images,
        validation: images,
        classNames: ['a', 'b'],
        preprocessing: { inputSize: 32, fit: 'stretch' },
        epochs: 1,
        batchSize: 2,
        learningRate: 0.1,
        normalizeFeatures: true,
        l2: 0.01,
        labelSmoothing: 0.2,
        calibrate: false,
        classifierActivation: 'sigmoid',
        pooling: 'max',
        dropoutRate: 0.1,
        hidden: [2],
        cacheFeatures: false,
        seed: 1,
        onEpoch: nothing,
        callbacks: [callback({})],
        onProgress: nothing,
        signal,
      },
    ],
  },
  trainingProgress: { args: () => [nothing] },
  unfreeze: { args: () => [compiled(), ['predictions']] },
  unfreezeExceptBatchNorm: { args: () => [tinyModel(), ['block1']] },
  warmupCosine: { args: () => [{ maxLearningRate: 0.1, warmupSteps: 5, totalSteps: 10, cosineOver: 'afterWarmup' }] },
  withWarmup: { args: () => [rate, 5] },
};
