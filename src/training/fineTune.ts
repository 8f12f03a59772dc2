// Fine-tuning in stages, each with its own layers, rate and data; stopped or killed, it goes on and ends as if it never had been.

import type * as tf from '@tensorflow/tfjs-core';
import * as tfc from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BackendError, DataError } from '../core/index.js';
import { invalid, trackProgress } from '../core/internal.js';
import { whileDeviceLasts } from '../backends/internal.js';
import { checkBatch } from '../data/internal.js';
import type { Dataset } from '../data/index.js';
import { checkFiniteWeights } from '../models/internal.js';
import { setPreprocessing } from '../models/index.js';
import type { EpochMetrics, MetricValues } from './epochMetrics.js';
import { checkFineTune, checkFirstBatches, dataOf, type FineTuneOptions, type FineTuneStage } from './fineTuneOptions.js';
import { freeze, unfreeze } from './freeze.js';
import { unfreezeExceptBatchNorm } from './freezeParts.js';
import { splitModel, type SplitModel } from './frozenPart.js';
import { learnedPreprocessing } from './learnedPreprocessing.js';
import { softmaxCrossEntropy, type Loss } from './losses.js';
import { accuracy } from './metrics.js';
import { NamedOptimizer } from './NamedOptimizer.js';
import { adam } from './optimizers.js';
import {
  classesOf,
  emptyTally,
  metricsOfTally,
  testStep,
  TRAINING_PARTS,
  trainStep,
  type StepContext,
  type Tally,
  type TrainingBatch,
} from './trainStep.js';
import { loadRun, saveRun, stageDataOf, type Position } from './trainingRun.js';

/**
 * Fine-tunes a model in stages and returns the metrics of every epoch.
 *
 * With a `store` the run survives: weights, optimizer state, schedule, epoch, step within it, order of the data, dropout and callbacks
 * come back, and the end is that of a run never interrupted. The model is left compiled, with the last stage's layers trainable.
 *
 * The first batch of every dataset is checked before anything changes. From the first step of a stage on, the model keeps the preprocessing
 * of its images.
 *
 * The layers below the first one that trains run as in inference: their dropout and stochastic depth are inactive, as in Keras'
 * `base(x, training=False)`. With `runtime`, ONNX Runtime computes them.
 *
 * @throws {OptionError} when an option is unknown or impossible, the store holds a run of other stages, an item is not a batch, nothing
 *   says how the
 * images of a stage were made, or its training and validation images were made differently.
 * @throws {ShapeError} when images do not have the size that the model takes.
 * @throws {DataError} when the run in the store began with other data or another preprocessing, unless `changedData` is 'accept'; when
 *   labels are out of range or a batch holds numbers that are not finite, naming epoch and step, or the data ends before `stepsPerEpoch`.
 * @throws {BackendError} when the GPU goes away meanwhile, or another copy of TensorFlow.js made the model; the last checkpoint stays.
 * @throws {EffnetError} naming epoch and step, when the loss, a gradient or a new weight is not finite; the model keeps the weights of the
 *   step
 * before, and the last checkpoint stays.
 * @throws the signal's reason, once a checkpoint is written.
 * @example
 * const history = await fineTune(model, {
 *   train, validation,
 *   stages: [
 *     { unfreeze: ['predictions'], epochs: 5, learningRate: 1e-3 },
 *     {
 *       unfreeze: ['block6', 'block7', 'top', 'predictions'], epochs: 10,
 *       learningRate: warmupCosine({ maxLearningRate: 1e-4, warmupSteps: 50, totalSteps: 750 }),
 *     },
 *   ],
 *   store: checkpointFile('runs/clothes.safetensors'),
 * });
 * @see keras.io/guides/transfer_learning, the two-phase recipe
 */
export async function fineTune(model: LayersModel, options: FineTuneOptions): Promise<readonly EpochMetrics[]> {
  checkFineTune(model, options);
  const records = options.stages.map((stage) => learnedPreprocessing('fineTune', model, dataOf(stage, options), options.preprocessing));
  await checkFirstBatches(model, options);
  const { stages, loss = softmaxCrossEntropy(), metrics = [accuracy()], callbacks = [], initialEpoch = 0 } = options;
  const classWeights =
    options.classWeights === undefined
      ? undefined
      : tfc.tensor1d(Array.from({ length: classesOf(model) }, (_, i) => options.classWeights?.[i] ?? 1));
  let split: SplitModel | undefined;
  const history: EpochMetrics[] = [];
  const totalEpochs = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  let optimizer: NamedOptimizer | undefined;
  try {
    const data = options.store === undefined ? [] : stageDataOf(stages.map((stage) => dataOf(stage, options).train));
    const saved = await loadRun(options.store, stages, options.changedData === 'accept' ? undefined : data);
    history.push(...(saved?.position.history ?? []));
    for (const each of callbacks) {
      each.setParams({
        epochs: totalEpochs,
        steps: options.stepsPerEpoch ?? (Number.isFinite(options.train.size) ? options.train.size : undefined),
      } as never);
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
      const remember = (at: number): void => {
        const record = records[at];
        if (record !== undefined) setPreprocessing(model, record);
      };
      await resumed?.restore(model, callbacks);
      if (resumed !== undefined && resumed.position.epoch + resumed.position.step > 0)
        remember(resumed.position.isFresh === true ? index - 1 : index);
      if (resumed?.position.isFinished === true) break;
      await checkFiniteWeights('fineTune', model, 'Load them again before training.');
      await split?.dispose();
      split = undefined;
      split = await splitModel('fineTune', model, options.runtime);
      const context: StepContext = { model, split, loss, metrics, classWeights };
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const save = (position: Partial<Position> & Pick<Position, 'epoch' | 'step'>): Promise<void> =>
        saveRun(options.store, model, callbacks, stages, data, { stage: index, history, ...position });

      for (let epoch = start; epoch < end && !stopped(model); epoch++) {
        const from = epoch === resumed?.position.epoch ? resumed.position : undefined;
        const onFirstStep =
          epoch === start
            ? () => {
                remember(index);
              }
            : undefined;
        await split.refresh();
        const run: EpochRun = { context, optimizer, variables, stage, options, epoch, totalEpochs, save, from, onFirstStep };
        const metricsOfEpoch = await whileDeviceLasts(() => trainEpoch(run), deviceLost(epoch));
        history.push({ epoch, stage: index, ...metricsOfEpoch });
        const isFinished = epoch + 1 === totalEpochs || stopped(model);
        const isFresh = epoch + 1 === end && !isFinished;
        await save({ stage: isFresh ? index + 1 : index, epoch: epoch + 1, step: 0, isFresh, isFinished });
      }
    }
    for (const each of callbacks) await each.onTrainEnd();
    return history;
  } finally {
    classWeights?.dispose();
    optimizer?.dispose();
    await split?.dispose();
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
  /** Called after the first step that is taken. */
  readonly onFirstStep: (() => void) | undefined;
}

async function trainEpoch({
  context,
  optimizer,
  variables,
  stage,
  options,
  epoch,
  totalEpochs,
  save,
  from,
  onFirstStep,
}: EpochRun): Promise<MetricValues & Pick<EpochMetrics, 'loss' | 'learningRate'>> {
  const { callbacks = [], stepsPerEpoch = Infinity, checkpointEverySteps = Infinity, signal, metrics = context.metrics } = options;
  const { train: data, validation } = dataOf(stage, options);
  const known = Math.min(stepsPerEpoch, Number.isNaN(data.size) ? Infinity : data.size);
  const report = trackProgress(
    options.onProgress,
    `epoch ${epoch + 1}/${totalEpochs}`,
    'steps',
    Number.isFinite(known) ? known : undefined,
  );
  const tally: Tally = from?.tally ?? emptyTally(metrics);
  const done = from?.step ?? 0;
  for (const each of callbacks) await each.onEpochBegin(epoch);
  let step = 0;
  let rate = optimizer.currentRate;
  for await (const batch of data.open({ epoch, signal: undefined })) {
    checkBatch('fineTune', 'train', batch, context.model.inputs[0]?.shape, ` at step ${step} of epoch ${epoch}`, TRAINING_PARTS);
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
      if (step - 1 === done) onFirstStep?.();
      for (const each of callbacks) await each.onBatchEnd(step - 1, { loss });
      report(step, { loss: tally.loss / tally.samples });
      if (step % checkpointEverySteps === 0) await save({ epoch, step, tally });
    } finally {
      tfc.dispose([batch.xs, batch.ys, ...(batch.sampleWeights === undefined ? [] : [batch.sampleWeights])]);
    }
    if (step >= stepsPerEpoch) break;
  }
  report.end();
  if (step === 0 || (step < stepsPerEpoch && stepsPerEpoch !== Infinity)) {
    throw new DataError(
      `fineTune: expected ${stepsPerEpoch === Infinity ? 'at least one batch' : `${stepsPerEpoch} batches`} per epoch, ` +
        `received ${step}. Repeat the data, or ask for fewer steps.`,
    );
  }
  const values = {
    loss: NaN,
    ...(await metricsOfTally(tally, metrics)),
    ...(await validate(context, validation, epoch, options)),
    learningRate: rate,
  };
  for (const each of callbacks) await each.onEpochEnd(epoch, values);
  return values;
}

const deviceLost =
  (epoch: number) =>
  (reason: string, cause?: unknown): BackendError =>
    new BackendError(
      `fineTune: the device of '${tfc.getBackend()}' was lost in epoch ${epoch} (${reason.replace(/\.$/, '')}). ` +
        `The last checkpoint stays: ` +
        'select a backend, build the model anew, and the same call with the same `store` goes on from there.',
      { cause },
    );

async function validate(
  context: StepContext,
  data: Dataset<TrainingBatch> | undefined,
  epoch: number,
  { validationSteps = Infinity }: FineTuneOptions,
): Promise<MetricValues> {
  if (data === undefined) return {};
  const tally = emptyTally(context.metrics);
  let step = 0;
  for await (const batch of data.open({ epoch: 0, signal: undefined })) {
    const place = `validation step ${step} after epoch ${epoch}`;
    checkBatch('fineTune', 'validation', batch, context.model.inputs[0]?.shape, ` at ${place}`, TRAINING_PARTS);
    try {
      await testStep(context, batch, tally, place);
    } finally {
      tfc.dispose([batch.xs, batch.ys, ...(batch.sampleWeights === undefined ? [] : [batch.sampleWeights])]);
    }
    if (++step >= validationSteps) break;
  }
  if (step === 0) throw new DataError('fineTune: expected at least one batch of `validation`, received none.');
  return metricsOfTally(tally, context.metrics, 'val_');
}

function beginStage(model: LayersModel, stage: FineTuneStage, make: () => NamedOptimizer, loss: Loss): NamedOptimizer {
  const optimizer: unknown = make();
  if (!(optimizer instanceof NamedOptimizer))
    throw invalid('fineTune', 'optimizer', 'a function that returns an optimizer of this library, such as adam()', optimizer);
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
