// What a run of fineTune is told, and the checks of it.

import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  anything,
  arrayOf,
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
import type { ProgressListener } from '../core/index.js';
import { anotherCopy } from '../backends/internal.js';
import { checkEnds, checkFirstBatch } from '../data/internal.js';
import { Dataset } from '../data/index.js';
import type { PreprocessingSource } from '../image/index.js';
import { checkModel } from '../models/internal.js';
import { callbackList, type TrainingCallback } from './callback.js';
import { allLayers, checkFreezable, selectLayers, type LayerSelector } from './freeze.js';
import { preprocessingSource } from './learnedPreprocessing.js';
import { binaryCrossEntropy, focalLoss, softmaxCrossEntropy, type Loss } from './losses.js';
import { accuracy, isMetric, type Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { exponentialDecay, oneCycle, polynomialDecay, stepDecay, warmupCosine, type Schedule } from './schedules.js';
import type { CheckpointStore } from './trainingRun.js';
import { checkTrainingLabels, classesOf, TRAINING_PARTS, type TrainingBatch } from './trainStep.js';

/** One stage of a run: what trains, for how long, how fast, on what. */
export interface FineTuneStage {
  /** Layers that train; all others are frozen. `'all'` is every layer. */
  readonly unfreeze: LayerSelector | 'all';
  readonly epochs: number;
  /**
   * A rate, or a schedule of the stage's own updates, which are its batches unless the optimizer has `accumulationSteps`.
   * @defaultValue the optimizer's
   */
  readonly learningRate?: number | Schedule | undefined;
  /** Whether BatchNormalization among the layers that train learns too. @defaultValue 'frozen' */
  readonly batchNorm?: 'frozen' | 'trained' | undefined;
  /** Data of this stage alone, for example larger images. @defaultValue that of the run */
  readonly train?: Dataset<TrainingBatch> | undefined;
  readonly validation?: Dataset<TrainingBatch> | undefined;
}

/** Options of {@link fineTune}. */
export interface FineTuneOptions {
  /** What to learn from, read anew each epoch. For a run that can be resumed, give `shuffle` and all random steps a seed. */
  readonly train: Dataset<TrainingBatch>;
  /** What to measure on after each epoch. @defaultValue nothing */
  readonly validation?: Dataset<TrainingBatch> | undefined;
  readonly stages: readonly FineTuneStage[];
  /**
   * How the images were made, or what says it. The model keeps it, and `classify` follows it.
   * @defaultValue in each stage that of its validation data, or else of its training data; the last stage's stays
   */
  readonly preprocessing?: PreprocessingSource | undefined;
  /** @defaultValue softmaxCrossEntropy() */
  readonly loss?: Loss | undefined;
  /** Exact over an epoch, not a mean over batches. @defaultValue [accuracy()] */
  readonly metrics?: readonly Metric[] | undefined;
  /** Makes each stage's optimizer, which begins without state as a compiled model's does. @defaultValue () => adam() */
  readonly optimizer?: (() => NamedOptimizer) | undefined;
  /** Batches of an epoch. @defaultValue all of `train` */
  readonly stepsPerEpoch?: number | undefined;
  /** Batches to measure on. @defaultValue all of `validation` */
  readonly validationSteps?: number | undefined;
  /** Epochs of the run to leave out, for one that continues another by hand. @defaultValue 0 */
  readonly initialEpoch?: number | undefined;
  /** How much samples of each class count in training, as `classWeights` of the labels makes them. @defaultValue 1 each */
  readonly classWeights?: Readonly<Record<number, number>> | undefined;
  readonly callbacks?: readonly TrainingCallback[] | undefined;
  /** Where the run keeps itself. One that holds an unfinished run of the same stages is gone on with. @defaultValue nowhere */
  readonly store?: CheckpointStore | undefined;
  /**
   * What happens when the run in `store` began with other training data: more or fewer items, others, or another order. `'accept'` goes on
   * with the data of this call.
   * @defaultValue 'throw'
   */
  readonly changedData?: 'throw' | 'accept' | undefined;
  /** Steps between checkpoints within an epoch; there is one after each epoch and when the signal aborts anyway. @defaultValue none */
  readonly checkpointEverySteps?: number | undefined;
  /** One task an epoch, in steps. */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops between steps. */
  readonly signal?: AbortSignal | undefined;
}

const dataset = rule<Dataset<TrainingBatch>>('a Dataset of { xs, ys }', (value) => value instanceof Dataset);
const store = rule<CheckpointStore>('a store with read and write', (value) => {
  const { read, write } = (value ?? {}) as Partial<CheckpointStore>;
  return typeof read === 'function' && typeof write === 'function';
});

const rateOrSchedule = rule<number | Schedule>(
  'a number of at least 0 or a schedule',
  (value) => typeof value === 'function' || nonNegative.accepts(value),
);
const weightsByClass = rule<Readonly<Record<number, number>>>(
  'an object of weights by class',
  (value) => typeof value === 'object' && value !== null && isPlain(value),
);

/** Functions that make a loss or a schedule, and would pass for one. */
const LOSS_MAKERS: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map<unknown, string>([
  [softmaxCrossEntropy, 'softmaxCrossEntropy()'],
  [binaryCrossEntropy, 'binaryCrossEntropy()'],
  [focalLoss, 'focalLoss()'],
]);
const SCHEDULE_MAKERS: ReadonlyMap<unknown, string> = /* @__PURE__ */ new Map<unknown, string>([
  [warmupCosine, 'warmupCosine({ ... })'],
  [exponentialDecay, 'exponentialDecay({ ... })'],
  [stepDecay, 'stepDecay({ ... })'],
  [polynomialDecay, 'polynomialDecay({ ... })'],
  [oneCycle, 'oneCycle({ ... })'],
]);

function checkCalled(where: string, option: string, expected: string, value: unknown, makers: ReadonlyMap<unknown, string>): void {
  const call = makers.get(value);
  if (call !== undefined) throw invalid(where, option, expected, value, `Call it: \`${call}\`.`);
}

/** Throws unless model and options are such as {@link fineTune} takes. Nothing is read. */
export function checkFineTune(model: LayersModel, options: FineTuneOptions): void {
  const where = 'fineTune';
  checkOptions(where, options, {
    train: dataset,
    validation: dataset,
    stages: arrayOf(anything),
    preprocessing: preprocessingSource,
    loss: callable,
    metrics: arrayOf(isMetric),
    optimizer: callable,
    stepsPerEpoch: positiveInteger,
    validationSteps: positiveInteger,
    initialEpoch: nonNegativeInteger,
    classWeights: weightsByClass,
    callbacks: callbackList,
    store,
    changedData: oneOf('throw', 'accept'),
    checkpointEverySteps: positiveInteger,
    onProgress: callable,
    signal: signalRule,
  });
  checkCalled(where, 'loss', 'a loss', options.loss, LOSS_MAKERS);
  checkModel(where, model);
  if (!(model instanceof tfl.LayersModel)) throw anotherCopy(where, 'a model');
  check(where, 'train', options.train, dataset);
  check(where, 'stages', options.stages, arrayOf(anything));
  if (options.stages.length === 0) throw invalid(where, 'stages', 'at least one stage', options.stages);
  for (const [i, stage] of options.stages.entries()) checkStage(where, model, stage, `stages[${i}]`);
  checkFreezable(where, allLayers(model));
  for (const [i, stage] of options.stages.entries()) checkDataEnds(where, stage, options, i);
  const epochs = options.stages.reduce((sum, stage) => sum + stage.epochs, 0);
  if ((options.initialEpoch ?? 0) >= epochs)
    throw invalid(where, 'initialEpoch', `fewer epochs than the ${epochs} of all stages`, options.initialEpoch);
  if (options.checkpointEverySteps !== undefined && options.store === undefined)
    throw invalid(where, 'checkpointEverySteps', 'nothing without `store`', options.checkpointEverySteps);
  // One output stands for two classes.
  const classes = Math.max(2, classesOf(model));
  for (const { name, leastClasses = 1 } of options.metrics ?? [])
    if (leastClasses > classes) throw invalid(where, 'metrics', `metrics of at most ${classes} classes, as many as the model has`, name);
  for (const [name, weight] of Object.entries(options.classWeights ?? {})) {
    check(where, `classWeights[${name}]`, weight, nonNegative);
    if (!(Number.isInteger(Number(name)) && Number(name) >= 0 && Number(name) < classesOf(model))) {
      throw invalid(where, 'classWeights', `classes in [0, ${classesOf(model)}), those of the model`, name);
    }
  }
  const unweighted = Array.from({ length: classesOf(model) }, (_, i) => i).find((i) => options.classWeights?.[i] === undefined);
  if (options.classWeights !== undefined && unweighted !== undefined)
    throw invalid(
      where,
      'classWeights',
      `a weight for each of the ${classesOf(model)} classes of the model`,
      options.classWeights,
      `Class ${unweighted} has none.`,
    );
}

function checkDataEnds(where: string, stage: FineTuneStage, options: FineTuneOptions, index: number): void {
  const { train, validation } = dataOf(stage, options);
  const option = (name: 'train' | 'validation'): string => (stage[name] === undefined ? name : `stages[${index}].${name}`);
  if (options.stepsPerEpoch === undefined)
    checkEnds(where, option('train'), train, 'Set `stepsPerEpoch`, or take a part of it: `dataset.take(n)`.');
  if (options.validationSteps === undefined && validation !== undefined)
    checkEnds(where, option('validation'), validation, 'Set `validationSteps`, or take a part of it: `dataset.take(n)`.');
}

function checkStage(where: string, model: LayersModel, stage: FineTuneStage, path: string): void {
  checkOptions(
    where,
    stage,
    {
      unfreeze: anything,
      epochs: positiveInteger,
      learningRate: rateOrSchedule,
      batchNorm: oneOf('frozen', 'trained'),
      train: dataset,
      validation: dataset,
    },
    path,
  );
  const { epochs, unfreeze, batchNorm } = stage;
  checkCalled(where, `${path}.learningRate`, rateOrSchedule.expected, stage.learningRate, SCHEDULE_MAKERS);
  check(where, `${path}.epochs`, epochs, positiveInteger);
  if (typeof unfreeze === 'string' || (unfreeze as unknown) === undefined)
    check(
      where,
      `${path}.unfreeze`,
      unfreeze,
      rule("'all', names of layers, { from: NAME }, or a function", (value) => value === 'all'),
    );
  const chosen = selectLayers(where, model, unfreeze === 'all' ? undefined : unfreeze, `${path}.unfreeze`);
  const learning = chosen.filter((layer) => batchNorm === 'trained' || layer.getClassName() !== 'BatchNormalization');
  if (!learning.some((layer) => layer.weights.length > 0))
    throw invalid(where, `${path}.unfreeze`, 'layers with weights that can train', unfreeze);
}

/** The data of a stage: its own, or else those of the run. */
export function dataOf(stage: FineTuneStage, options: FineTuneOptions): Pick<FineTuneOptions, 'train' | 'validation'> {
  return { train: stage.train ?? options.train, validation: stage.validation ?? options.validation };
}

/** Checks the first batch of every dataset: what is wrong with a later stage must not be found hours after the start. */
export async function checkFirstBatches(model: LayersModel, options: FineTuneOptions): Promise<void> {
  const all = options.stages.map((stage) => dataOf(stage, options));
  const { loss = softmaxCrossEntropy(), metrics = [accuracy()], classWeights } = options;
  for (const option of ['train', 'validation'] as const) {
    for (const data of new Set(all.map((each) => each[option]))) {
      if (data !== undefined)
        await checkFirstBatch('fineTune', option, data, model.inputs[0]?.shape, TRAINING_PARTS, ({ ys }) => {
          checkTrainingLabels({ model, loss, metrics, classWeights }, option, ys);
        });
    }
  }
}
