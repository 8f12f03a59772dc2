// Checks the options of fineTune before training begins.

import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  anything,
  arrayOf,
  boolean,
  callable,
  check,
  checkOptions,
  invalid,
  isPlain,
  nonNegative,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  rule,
  signal as signalRule,
} from '../core/internal.js';
import { anotherCopy } from '../backends/internal.js';
import { checkEnds, checkFirstBatch } from '../data/internal.js';
import { Dataset } from '../data/index.js';
import { checkModel, layersOf } from '../models/internal.js';
import { batchesRemedy } from './batchesRemedy.js';
import { softmaxLayerOf } from './calibrate.js';
import { checkCallbacks } from './callback.js';
import type { FeatureCacheStore } from './entryStore.js';
import { dataOf, type FineTuneOptions, type FineTuneStage } from './fineTuneOptions.js';
import { checkFreezable, selectLayers } from './freeze.js';
import { preprocessingSource } from './learnedPreprocessing.js';
import { binaryCrossEntropy, focalLoss, softmaxCrossEntropy } from './losses.js';
import { accuracy, auc, f1, isMetric, precision, recall, topK } from './metrics.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { adam } from './optimizers.js';
import { checkReplicableLoss, checkWorkers, trainingThreads } from './checkWorkers.js';
import type { TrainingWorkers } from './replicas.js';
import type { Schedule } from './schedule.js';
import { exponentialDecay, oneCycle, polynomialDecay, stepDecay, warmupCosine } from './schedules.js';
import type { CheckpointStore } from './trainingRun.js';
import { TRAINING_PARTS, type TrainingBatch } from './trainingBatch.js';
import { checkTrainingLabels, classesOf } from './trainStep.js';

const WHERE = 'fineTune';

const dataset = rule<Dataset<TrainingBatch>>('a Dataset of { xs, ys }', (value) => value instanceof Dataset);
const store = rule<CheckpointStore>('a store with read and write', (value) => {
  const { read, write } = (value ?? {}) as Partial<CheckpointStore>;
  return typeof read === 'function' && typeof write === 'function';
});
const cacheStore = rule<FeatureCacheStore>('a store that featureCacheFolder() returns', (value) => {
  const { open } = (value ?? {}) as Partial<FeatureCacheStore>;
  return typeof open === 'function';
});
const rateOrSchedule = rule<number | Schedule>(
  'a number of at least 0 or a schedule',
  (value) => typeof value === 'function' || nonNegative.accepts(value),
);
const weightsByClass = rule<Readonly<Record<number, number>>>(
  'an object of weights by class',
  (value) => typeof value === 'object' && value !== null && isPlain(value),
);

/** How to call the functions that create losses, metrics and schedules, by function. Their results are functions as well. */
const LOSSES: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map<unknown, string>([
  [softmaxCrossEntropy, 'softmaxCrossEntropy()'],
  [binaryCrossEntropy, 'binaryCrossEntropy()'],
  [focalLoss, 'focalLoss()'],
]);
const METRICS: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map<unknown, string>([
  [accuracy, 'accuracy()'],
  [topK, 'topK(5)'],
  [precision, 'precision()'],
  [recall, 'recall()'],
  [f1, 'f1()'],
  [auc, 'auc()'],
]);
const SCHEDULES: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map<unknown, string>([
  [warmupCosine, 'warmupCosine({ ... })'],
  [exponentialDecay, 'exponentialDecay({ ... })'],
  [stepDecay, 'stepDecay({ ... })'],
  [polynomialDecay, 'polynomialDecay({ ... })'],
  [oneCycle, 'oneCycle({ ... })'],
]);

function checkCalled(option: string, expected: string, value: unknown, calls: ReadonlyMap<unknown, string>): void {
  const call = calls.get(value);
  if (call !== undefined) throw invalid(WHERE, option, expected, value, `Call it: \`${call}\`.`);
}

/** Checks the model and the options of {@link fineTune}. No data is read. */
export function checkFineTune(model: LayersModel, options: FineTuneOptions): void {
  checkOptions(WHERE, options, {
    // The data, metrics and callbacks are checked below, with advice about the usual mistakes.
    train: anything,
    validation: anything,
    stages: arrayOf(anything),
    preprocessing: preprocessingSource,
    loss: callable,
    metrics: arrayOf(anything),
    calibrate: boolean,
    runtime: callable,
    workers: trainingThreads,
    featureCacheBytes: nonNegativeInteger,
    featureCacheStore: cacheStore,
    optimizer: anything,
    stepsPerEpoch: positiveInteger,
    validationSteps: positiveInteger,
    initialEpoch: nonNegativeInteger,
    classWeights: weightsByClass,
    callbacks: anything,
    store,
    changedData: oneOf('throw', 'accept'),
    checkpointEverySteps: positiveInteger,
    onProgress: callable,
    signal: signalRule,
  });
  checkCalled('loss', 'a loss', options.loss, LOSSES);
  for (const [i, metric] of (options.metrics ?? []).entries()) {
    checkCalled(`metrics[${i}]`, isMetric.expected, metric, METRICS);
    check(WHERE, `metrics[${i}]`, metric, isMetric);
  }
  checkCallbacks(WHERE, options.callbacks);
  checkFactory(options.optimizer);
  checkModel(WHERE, model);
  if (!(model instanceof tfl.LayersModel)) throw anotherCopy(WHERE, 'a model');
  checkDataset('train', options.train);
  if (options.validation !== undefined) checkDataset('validation', options.validation);
  check(WHERE, 'stages', options.stages, arrayOf(anything));
  if (options.stages.length === 0) throw invalid(WHERE, 'stages', 'at least one stage', options.stages);
  for (const [i, stage] of options.stages.entries()) checkStage(model, stage, `stages[${i}]`);
  checkFreezable(WHERE, layersOf(model));
  if (options.workers !== undefined) checkSharedSteps(model, options, options.workers);
  for (const [i, stage] of options.stages.entries()) checkDataEnds(stage, options, i);
  const epochs = options.stages.reduce((sum, stage) => sum + stage.epochs, 0);
  if ((options.initialEpoch ?? 0) >= epochs)
    throw invalid(WHERE, 'initialEpoch', `less than the ${epochs} epochs of all stages`, options.initialEpoch);
  if (options.checkpointEverySteps !== undefined && options.store === undefined)
    throw invalid(WHERE, 'checkpointEverySteps', 'nothing without `store`', options.checkpointEverySteps);
  checkClasses(options, classesOf(model));
  if (options.calibrate === true) checkCalibration(model, options);
}

function checkCalibration(model: LayersModel, options: FineTuneOptions): void {
  softmaxLayerOf(WHERE, model);
  if (dataOf(options.stages.at(-1) as FineTuneStage, options).validation === undefined)
    throw invalid(WHERE, 'calibrate', 'false without `validation` of the last stage', true, 'Pass validation data.');
}

function checkDataset(option: string, value: unknown): void {
  check(WHERE, option, value, dataset, batchesRemedy(value));
}

function checkFactory(optimizer: unknown): void {
  const remedy = optimizer instanceof NamedOptimizer ? 'Pass a function that creates it: `() => adam()`.' : '';
  if (optimizer !== undefined) check(WHERE, 'optimizer', optimizer, rule('a function that returns an optimizer', callable.accepts), remedy);
}

/** Creates the optimizers of all stages. @throws {OptionError} when one of them is not an optimizer of this library, or is not new. */
export function createOptimizers({ stages, optimizer: create = adam }: FineTuneOptions): readonly NamedOptimizer[] {
  const optimizers: NamedOptimizer[] = [];
  for (const optimizer of stages.map((): unknown => create())) {
    if (!(optimizer instanceof NamedOptimizer))
      throw invalid(WHERE, 'optimizer', 'a function that returns an optimizer of this library, such as adam()', optimizer);
    // Its state and its learning rate would carry over.
    if (optimizer.isUsed || optimizers.includes(optimizer))
      throw invalid(
        WHERE,
        'optimizer',
        'a function that returns a new optimizer for each stage',
        create,
        'It returned one that is already in use. Create it within the function: `() => adam()`.',
      );
    optimizers.push(optimizer);
  }
  return optimizers;
}

function checkClasses({ metrics = [], classWeights }: FineTuneOptions, outputs: number): void {
  // A model with one output has two classes.
  const classes = Math.max(2, outputs);
  for (const { name, leastClasses = 1 } of metrics)
    if (leastClasses > classes) throw invalid(WHERE, 'metrics', `metrics for at most ${classes} classes, as many as the model has`, name);
  if (classWeights === undefined) return;
  for (const [name, weight] of Object.entries(classWeights)) {
    check(WHERE, `classWeights[${name}]`, weight, nonNegative);
    if (!(Number.isInteger(Number(name)) && Number(name) >= 0 && Number(name) < outputs))
      throw invalid(WHERE, 'classWeights', `classes of the model, in [0, ${outputs})`, name);
  }
  const missing = Array.from({ length: outputs }, (_, i) => i).find((i) => classWeights[i] === undefined);
  if (missing !== undefined)
    throw invalid(
      WHERE,
      'classWeights',
      `a weight for each of the ${outputs} classes of the model`,
      classWeights,
      `Class ${missing} has none.`,
    );
}

/** @throws {OptionError} when other threads cannot share the steps. */
function checkSharedSteps(model: LayersModel, { stages, loss = softmaxCrossEntropy() }: FineTuneOptions, workers: TrainingWorkers): void {
  checkWorkers(WHERE, model);
  checkReplicableLoss(WHERE, loss);
  const trained = stages.findIndex(({ batchNorm }) => batchNorm === 'trained');
  if (trained !== -1 && workers.batchNorm === 'frozen')
    throw invalid(
      WHERE,
      `stages[${trained}].batchNorm`,
      "'frozen' with `workers`",
      'trained',
      "To normalize each thread's share by itself, set `batchNorm: 'perThread'` in trainingWorkers().",
    );
}

function checkDataEnds(stage: FineTuneStage, options: FineTuneOptions, index: number): void {
  const { train, validation } = dataOf(stage, options);
  const option = (name: 'train' | 'validation'): string => (stage[name] === undefined ? name : `stages[${index}].${name}`);
  if (options.stepsPerEpoch === undefined)
    checkEnds(WHERE, option('train'), train, 'Set `stepsPerEpoch`, or limit the dataset: `dataset.take(n)`.');
  if (options.validationSteps === undefined && validation !== undefined)
    checkEnds(WHERE, option('validation'), validation, 'Set `validationSteps`, or limit the dataset: `dataset.take(n)`.');
}

function checkStage(model: LayersModel, stage: FineTuneStage, path: string): void {
  checkOptions(
    WHERE,
    stage,
    {
      unfreeze: anything,
      epochs: positiveInteger,
      learningRate: rateOrSchedule,
      batchNorm: oneOf('frozen', 'trained'),
      train: anything,
      validation: anything,
    },
    path,
  );
  const { epochs, unfreeze, batchNorm, train, validation } = stage;
  if (train !== undefined) checkDataset(`${path}.train`, train);
  if (validation !== undefined) checkDataset(`${path}.validation`, validation);
  checkCalled(`${path}.learningRate`, rateOrSchedule.expected, stage.learningRate, SCHEDULES);
  check(WHERE, `${path}.epochs`, epochs, positiveInteger);
  if (typeof unfreeze === 'string' || (unfreeze as unknown) === undefined)
    check(
      WHERE,
      `${path}.unfreeze`,
      unfreeze,
      rule("'all', names of layers, { from: NAME }, or a function", (value) => value === 'all'),
    );
  const chosen = selectLayers(WHERE, model, unfreeze === 'all' ? undefined : unfreeze, `${path}.unfreeze`);
  const learning = chosen.filter((layer) => batchNorm === 'trained' || layer.getClassName() !== 'BatchNormalization');
  if (!learning.some((layer) => layer.weights.length > 0))
    throw invalid(WHERE, `${path}.unfreeze`, 'layers with weights that can train', unfreeze);
}

/** Checks the first batch of every dataset, so that an error in the data of a later stage is not found hours after the start. */
export async function checkFirstBatches(model: LayersModel, options: FineTuneOptions): Promise<void> {
  const all = options.stages.map((stage) => dataOf(stage, options));
  const { loss = softmaxCrossEntropy(), metrics = [accuracy()], classWeights } = options;
  for (const option of ['train', 'validation'] as const) {
    for (const data of new Set(all.map((each) => each[option]))) {
      if (data !== undefined)
        await checkFirstBatch(WHERE, option, data, model.inputs[0]?.shape, TRAINING_PARTS, ({ ys }) => {
          checkTrainingLabels({ where: WHERE, model, loss, metrics, classWeights }, option, ys);
        });
    }
  }
}
