// Fine-tuning in stages, each with its own layers, rate and data; stopped or killed, it goes on and ends as if it never had been.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfc from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  anything, arrayOf, BackendError, callable, check, checkOptions, DataError, instanceOf, invalid, nonNegative, nonNegativeInteger, oneOf,
  positiveInteger, rule, trackProgress, type ProgressListener,
} from '../core/index.js';
import { anotherCopy, whileDeviceLasts } from '../backends/index.js';
import { Dataset } from '../data/index.js';
import { checkFiniteWeights, setPreprocessing } from '../models/index.js';
import { TrainingCallback, type Figures } from './callback.js';
import { freeze, unfreeze, type LayerSelector } from './freeze.js';
import { unfreezeExceptBatchNorm } from './freezeParts.js';
import { softmaxCrossEntropy, type Loss } from './losses.js';
import { accuracy, isMetric, type Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { adam } from './optimizers.js';
import type { Schedule } from './schedules.js';
import { trainingPreprocessing } from './trainingPreprocessing.js';
import { emptyTally, figuresOfTally, testStep, trainStep, type StepContext, type Tally, type TrainingBatch } from './trainStep.js';
import { loadRun, saveRun, stageDataOf, type CheckpointStore, type FineTuneEpoch, type Position } from './trainingRun.js';

/** One stage of a run: what trains, for how long, how fast, on what. */
export interface FineTuneStage {
  /** Layers that train; all others are frozen. `'all'` is every layer. */
  readonly unfreeze: LayerSelector | 'all';
  readonly epochs: number;
  /** A rate, or a schedule of the stage's own updates, which are its batches unless the optimizer has `accumulationSteps`. @defaultValue the optimizer's */
  readonly learningRate?: number | Schedule | undefined;
  /** Whether BatchNormalization among the layers that train learns too. @defaultValue 'frozen' */
  readonly batchNorm?: 'frozen' | 'trained' | undefined;
  /** Data of this stage alone, for example larger pictures. @defaultValue that of the run */
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
  /** How much samples of a class count in training, as `classWeights` of the labels makes them. @defaultValue 1 each */
  readonly classWeights?: Readonly<Record<number, number>> | undefined;
  readonly callbacks?: readonly TrainingCallback[] | undefined;
  /** Where the run keeps itself. One that holds an unfinished run of the same stages is gone on with. @defaultValue nowhere */
  readonly store?: CheckpointStore | undefined;
  /**
   * What happens when the run in `store` began with other training data: more or fewer items, others, or another order. `'accept'` goes on with
   * the data of this call.
   * @defaultValue 'throw'
   */
  readonly changedData?: 'throw' | 'accept' | undefined;
  /** Steps between checkpoints within an epoch; there is one after each epoch and when the signal aborts anyway. @defaultValue none */
  readonly checkpointEvery?: number | undefined;
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

/**
 * Fine-tunes a model in stages and returns every epoch's figures.
 *
 * With a `store` the run survives: weights, optimizer state, schedule, epoch, step within it, order of the data, dropout and callbacks
 * come back, and the end is that of a run never interrupted. The model is left compiled, with the last stage's layers trainable. How the last stage's
 * images were made, where the data tells, is stored in the model, and `classify` follows it.
 *
 * @throws {OptionError} when an option is unknown or impossible, or the store holds a run of other stages.
 * @throws {ShapeError} when the data tells that its images do not have the size of the model's input.
 * @throws {DataError} when the run in the store began with other data, unless `changedData` is 'accept'; when labels are out of range or a batch holds numbers that are not finite, naming epoch and step, or the data ends before `stepsPerEpoch`.
 * @throws {BackendError} when the GPU goes away meanwhile, or another copy of TensorFlow.js made the model; the last checkpoint stays.
 * @throws {EffnetError} naming epoch and step, when the loss, a gradient or a new weight is not finite; the model keeps the weights of the step
 * before, and the last checkpoint stays.
 * @throws the signal's reason, once a checkpoint is written.
 * @example
 * const history = await fineTune(model, {
 *   train, validation,
 *   stages: [
 *     { unfreeze: ['predictions'], epochs: 5, learningRate: 1e-3 },
 *     { unfreeze: ['block6', 'block7', 'top', 'predictions'], epochs: 10, learningRate: warmupCosine({ maxLearningRate: 1e-4, warmupSteps: 50, totalSteps: 750 }) },
 *   ],
 *   store: checkpointFile('runs/clothes.safetensors'),
 * });
 * @see keras.io/guides/transfer_learning, the two-phase recipe
 */
export async function fineTune(model: LayersModel, options: FineTuneOptions): Promise<readonly FineTuneEpoch[]> {
  checkFineTune(model, options);
  const preprocessing = options.stages.map((stage) => trainingPreprocessing('fineTune', model, stage.train ?? options.train, stage.validation ?? options.validation)).at(-1);
  const { stages, loss = softmaxCrossEntropy(), metrics = [accuracy()], callbacks = [], initialEpoch = 0 } = options;
  const classWeights = options.classWeights === undefined ? undefined : tfc.tensor1d(Array.from({ length: classesOf(model) }, (_, i) => options.classWeights?.[i] ?? 1));
  const context: StepContext = { model, loss, metrics, classWeights };
  const history: FineTuneEpoch[] = [];
  const totalEpochs = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  let optimizer: NamedOptimizer | undefined;
  try {
    const data = options.store === undefined ? [] : stageDataOf(stages.map((stage) => stage.train ?? options.train));
    const saved = await loadRun(options.store, stages, options.changedData === 'accept' ? undefined : data);
    history.push(...(saved?.position.history ?? []));
    for (const each of callbacks) {
      each.setParams({ epochs: totalEpochs, steps: options.stepsPerEpoch ?? (Number.isFinite(options.train.size) ? options.train.size : undefined) } as never);
      each.setModel(model);
    }
    model.stopTraining = false;
    for (const each of callbacks) await each.onTrainBegin();

    let firstEpoch = 0;
    for (const [index, stage] of stages.entries()) {
      const [begin, end] = [firstEpoch, firstEpoch + stage.epochs];
      firstEpoch = end;
      const resumed = saved?.position.stage === index ? saved : undefined;
      const start = Math.max(begin, saved?.position.epoch ?? initialEpoch);
      if ((start >= end && resumed === undefined) || stopped(model)) continue;
      optimizer?.dispose();
      optimizer = beginStage(model, stage, options.optimizer ?? adam, loss);
      await resumed?.restore(model, callbacks);
      if (resumed?.position.isFinished === true) break;
      await checkFiniteWeights('fineTune', model, 'Load them again before training.');
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const save = (position: Partial<Position> & Pick<Position, 'epoch' | 'step'>): Promise<void> =>
        saveRun(options.store, model, callbacks, stages, data, { stage: index, history, ...position });

      for (let epoch = start; epoch < end && !stopped(model); epoch++) {
        const from = epoch === resumed?.position.epoch ? resumed.position : undefined;
        const run: EpochRun = { context, optimizer, variables, stage, options, epoch, totalEpochs, save, from };
        history.push({ epoch, stage: index, figures: await whileDeviceLasts(() => trainEpoch(run), deviceLost(epoch)) });
        const isFinished = epoch + 1 === totalEpochs || stopped(model);
        const isFresh = epoch + 1 === end && !isFinished;
        await save({ stage: isFresh ? index + 1 : index, epoch: epoch + 1, step: 0, isFresh, isFinished });
      }
    }
    for (const each of callbacks) await each.onTrainEnd();
    if (preprocessing !== undefined) setPreprocessing(model, preprocessing);
    return history;
  } finally {
    classWeights?.dispose();
    optimizer?.dispose();
  }
}

interface EpochRun {
  readonly context: StepContext;
  readonly optimizer: NamedOptimizer;
  readonly variables: tf.Variable[];
  readonly stage: FineTuneStage;
  readonly options: FineTuneOptions;
  readonly epoch: number;
  readonly totalEpochs: number;
  readonly save: (position: Partial<Position> & Pick<Position, 'epoch' | 'step'>) => Promise<void>;
  /** Where a resumed epoch goes on. */
  readonly from: Position | undefined;
}

async function trainEpoch({ context, optimizer, variables, stage, options, epoch, totalEpochs, save, from }: EpochRun): Promise<Figures> {
  const { callbacks = [], stepsPerEpoch = Infinity, checkpointEvery = Infinity, signal, metrics = context.metrics } = options;
  const data = stage.train ?? options.train;
  const known = Math.min(stepsPerEpoch, Number.isNaN(data.size) ? Infinity : data.size);
  const report = trackProgress(options.onProgress, `epoch ${epoch + 1}/${totalEpochs}`, 'steps', Number.isFinite(known) ? known : undefined);
  const tally: Tally = from?.tally ?? emptyTally(metrics);
  const done = from?.step ?? 0;
  for (const each of callbacks) await each.onEpochBegin(epoch);
  let step = 0;
  let rate = optimizer.currentRate;
  for await (const batch of data.open({ epoch, signal: undefined })) {
    try {
      // The order of the data is that of the epoch, so what was learned from already passes by.
      if (step++ < done) continue;
      if (signal?.aborted === true) {
        await save({ epoch, step: step - 1, tally });
        signal.throwIfAborted();
      }
      for (const each of callbacks) await each.onBatchBegin(step - 1);
      optimizer.place = { where: 'fineTune', step: step - 1, epoch };
      rate = optimizer.currentRate;
      const loss = await trainStep(context, optimizer, variables, batch, tally, `step ${step - 1} of epoch ${epoch}`);
      for (const each of callbacks) await each.onBatchEnd(step - 1, { loss });
      report(step, { loss: tally.loss / tally.samples });
      if (step % checkpointEvery === 0) await save({ epoch, step, tally });
    } finally {
      tfc.dispose([batch.xs, batch.ys, ...(batch.weights === undefined ? [] : [batch.weights])]);
    }
    if (step >= stepsPerEpoch) break;
  }
  report.end();
  if (step === 0 || (step < stepsPerEpoch && stepsPerEpoch !== Infinity)) {
    throw new DataError(`fineTune: expected ${stepsPerEpoch === Infinity ? 'at least one batch' : `${stepsPerEpoch} batches`} an epoch, received ${step}. Repeat the data, or ask for fewer steps.`);
  }
  const figures: Record<string, number> = { ...(await figuresOfTally(tally, metrics)), ...(await validate(context, stage.validation ?? options.validation, epoch, options)), learningRate: rate };
  for (const each of callbacks) await each.onEpochEnd(epoch, figures);
  return figures;
}

const deviceLost = (epoch: number) => (reason: string, cause?: unknown): BackendError =>
  new BackendError(
    `fineTune: the device of '${tfc.getBackend()}' was lost in epoch ${epoch} (${reason.replace(/\.$/, '')}). The last checkpoint stays: ` +
      'select a backend, build the model anew, and the same call with the same `store` goes on from there.',
    { cause });

async function validate(context: StepContext, data: Dataset<TrainingBatch> | undefined, epoch: number, { validationSteps = Infinity }: FineTuneOptions): Promise<Figures> {
  if (data === undefined) return {};
  const tally = emptyTally(context.metrics);
  let step = 0;
  for await (const batch of data.open({ epoch: 0, signal: undefined })) {
    try {
      await testStep(context, batch, tally, `validation step ${step} after epoch ${epoch}`);
    } finally {
      tfc.dispose([batch.xs, batch.ys, ...(batch.weights === undefined ? [] : [batch.weights])]);
    }
    if (++step >= validationSteps) break;
  }
  if (step === 0) throw new DataError('fineTune: expected at least one batch of `validation`, received none.');
  return figuresOfTally(tally, context.metrics, 'val_');
}

function beginStage(model: LayersModel, stage: FineTuneStage, make: () => NamedOptimizer, loss: Loss): NamedOptimizer {
  const optimizer = make();
  if (stage.learningRate !== undefined) optimizer.learningRate = stage.learningRate;
  model.compile({ optimizer, loss });
  const selector = stage.unfreeze === 'all' ? undefined : stage.unfreeze;
  freeze(model);
  if (stage.batchNorm === 'trained') unfreeze(model, selector);
  else unfreezeExceptBatchNorm(model, selector);
  if (model.trainableWeights.length === 0) throw invalid('fineTune', 'unfreeze', 'layers with weights that can train', stage.unfreeze);
  optimizer.nameAfter(model);
  return optimizer;
}

// Reading what callbacks set; TypeScript would take it for the constant set above.
const stopped = (model: LayersModel): boolean => model.stopTraining;

function checkFineTune(model: LayersModel, options: FineTuneOptions): void {
  const where = 'fineTune';
  checkOptions(where, options, {
    train: dataset, validation: dataset, stages: arrayOf(anything), loss: callable, metrics: arrayOf(isMetric), optimizer: callable,
    stepsPerEpoch: positiveInteger, validationSteps: positiveInteger, initialEpoch: nonNegativeInteger, classWeights: anything,
    callbacks: arrayOf(instanceOf(TrainingCallback, 'a callback of this library, such as callback() makes')), store, changedData: oneOf('throw', 'accept'), checkpointEvery: positiveInteger,
    onProgress: callable, signal: instanceOf(AbortSignal, 'an AbortSignal'),
  });
  if (!(model instanceof tfl.LayersModel)) throw anotherCopy(where, 'a model');
  check(where, 'train', options.train, dataset);
  check(where, 'stages', options.stages, arrayOf(anything));
  if (options.stages.length === 0) throw invalid(where, 'stages', 'at least one stage', options.stages);
  for (const stage of options.stages) {
    checkOptions(where, stage, {
      unfreeze: anything, epochs: positiveInteger, learningRate: anything, batchNorm: oneOf('frozen', 'trained'), train: dataset, validation: dataset,
    });
    check(where, 'epochs', stage.epochs, positiveInteger);
    check(where, 'unfreeze', stage.unfreeze, rule("'all', names of layers, { from: NAME }, or a function", (value) => value === 'all' || (typeof value === 'object' && value !== null) || typeof value === 'function'));
    if (stage.learningRate !== undefined) check(where, 'learningRate', stage.learningRate, rule('a number of at least 0 or a schedule', (value) => typeof value === 'function' || nonNegative.accepts(value)));
  }
  for (const [name, weight] of Object.entries(options.classWeights ?? {})) {
    check(where, `classWeights[${name}]`, weight, nonNegative);
    if (!(Number.isInteger(Number(name)) && Number(name) >= 0 && Number(name) < classesOf(model))) {
      throw invalid(where, 'classWeights', `classes in [0, ${classesOf(model)}), those of the model`, name);
    }
  }
}

const classesOf = (model: LayersModel): number => model.outputs[0]?.shape.at(-1) ?? 1;
