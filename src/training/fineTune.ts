// Fine-tuning in stages, each with its own layers, learning rate and data. A run that was interrupted can be resumed.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { BackendError } from '../core/index.js';
import { invalid } from '../core/internal.js';
import { whileDeviceLasts } from '../backends/internal.js';
import { checkFiniteWeights } from '../models/internal.js';
import { setPreprocessing, setUnknownThreshold } from '../models/index.js';
import { featureCache, type FeatureCache } from './cachedFeatures.js';
import { calibrateModel } from './calibrate.js';
import { checkFineTune, checkFirstBatches, createOptimizers } from './checkFineTune.js';
import type { FeatureCacheFile } from './entryStore.js';
import type { EpochMetrics } from './epochMetrics.js';
import { dataOf, type FineTuneOptions, type FineTuneStage } from './fineTuneOptions.js';
import { freeze, unfreeze } from './freeze.js';
import { unfreezeExceptBatchNorm } from './freezeParts.js';
import { splitModel, type SplitModel } from './frozenPart.js';
import { openReplicas, type Replicas } from './replicas.js';
import { learnedPreprocessing } from './learnedPreprocessing.js';
import { softmaxCrossEntropy, type Loss } from './losses.js';
import { accuracy } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { trainEpoch, type EpochRun } from './trainEpoch.js';
import { loadRun, saveRun, stageDataOf, type Position } from './trainingRun.js';
import { classesOf, type StepContext } from './trainStep.js';

/**
 * Fine-tunes a model in stages and returns the metrics of every epoch.
 *
 * With a `store`, an interrupted run can be resumed with the same call, and it ends like an uninterrupted one: the store contains the
 * weights, the optimizer state, the position in the data and the schedule, and the state of dropout and callbacks. Afterwards the model is
 * compiled, and the layers of the last stage are trainable.
 *
 * The first batch of every dataset is checked before anything changes. After the first step of a stage, the model stores the preprocessing
 * of that stage's images.
 *
 * The layers below the first one that trains run as in inference: their dropout and stochastic depth are inactive, as in Keras'
 * `base(x, training=False)`. With `runtime`, ONNX Runtime computes them. Their output is kept for images that do not vary between epochs,
 * within `featureCacheBytes` and in `featureCacheStore`, so that these images are read only once per stage.
 *
 * @throws {OptionError} when an option is unknown or invalid, the store contains a run with other stages, an item is not a batch, the
 *   preprocessing of a stage is unknown, or its training and validation images are preprocessed differently.
 * @throws {ShapeError} when images do not have the input size of the model.
 * @throws {DataError} when the data or its preprocessing has changed since the run in the store began, unless `changedData` is 'accept'.
 *   Naming epoch and step: when labels are out of range or a batch is not finite. Also when the data ends before `stepsPerEpoch`.
 * @throws {BackendError} when the GPU device is lost, or another copy of TensorFlow.js created the model. The last checkpoint remains
 *   valid.
 * @throws {EffnetError} naming epoch and step, when the loss, a gradient or a new weight is not finite. The model keeps the weights of the
 *   previous step, and the last checkpoint remains valid.
 * @throws the reason of the signal, after a checkpoint is written.
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
  const where = 'fineTune';
  checkFineTune(model, options);
  const records = options.stages.map((stage) => learnedPreprocessing(where, model, dataOf(stage, options), options.preprocessing));
  const optimizers = createOptimizers(options);
  await checkFirstBatches(model, options);
  const { stages, loss = softmaxCrossEntropy(), metrics = [accuracy()], callbacks = [], initialEpoch = 0 } = options;
  const classWeights =
    options.classWeights === undefined
      ? undefined
      : tf.tensor1d(Array.from({ length: classesOf(model) }, (_, i) => options.classWeights?.[i] ?? 1));
  let split: SplitModel | undefined;
  let replicas: Replicas | undefined;
  let cacheFile: FeatureCacheFile | undefined;
  let cache: FeatureCache | undefined;
  const history: EpochMetrics[] = [];
  const totalEpochs = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  try {
    cacheFile = await options.featureCacheStore?.open();
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
      optimizers[index - 1]?.dispose();
      const optimizer = optimizers[index] as NamedOptimizer;
      beginStage(model, stage, optimizer, loss);
      const remember = (at: number): void => {
        setUnknownThreshold(model, undefined);
        const record = records[at];
        if (record !== undefined) setPreprocessing(model, record);
      };
      await resumed?.restore(model, callbacks);
      if (resumed !== undefined && resumed.position.epoch + resumed.position.step > 0)
        remember(resumed.position.isFresh === true ? index - 1 : index);
      if (resumed?.position.isFinished === true) break;
      await checkFiniteWeights(where, model, 'Load them again before training.');
      await split?.dispose();
      split = undefined;
      split = await splitModel(where, model, options);
      await replicas?.dispose();
      replicas = undefined;
      if (options.workers !== undefined) replicas = await openReplicas(where, model, loss, options.workers);
      await cache?.clear();
      cache = featureCache(split, options.featureCacheBytes ?? 2 ** 30, cacheFile);
      const context: StepContext = { where, model, split, loss, metrics, classWeights, replicas, cache };
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
        if (await split.refresh()) await cache.clear();
        await replicas?.refresh();
        const run: EpochRun = { context, optimizer, variables, stage, options, epoch, totalEpochs, save, from, onFirstStep };
        const metricsOfEpoch = await whileDeviceLasts(() => trainEpoch(run), deviceLost(epoch));
        history.push({ epoch, stage: index, ...metricsOfEpoch });
        const isFinished = epoch + 1 === totalEpochs || stopped(model);
        const isFresh = epoch + 1 === end && !isFinished;
        await save({ stage: isFresh ? index + 1 : index, epoch: epoch + 1, step: 0, isFresh, isFinished });
      }
    }
    for (const each of callbacks) await each.onTrainEnd();
    return options.calibrate === true ? await calibrated(model, options, history) : history;
  } finally {
    classWeights?.dispose();
    for (const optimizer of optimizers) optimizer.dispose();
    await cacheFile?.close();
    await split?.dispose();
    await replicas?.dispose();
  }
}

/** Calibrates the model on the validation data of the last stage, and adds the temperature to the last record of the history. */
async function calibrated(
  model: LayersModel,
  options: FineTuneOptions,
  history: readonly EpochMetrics[],
): Promise<readonly EpochMetrics[]> {
  const { validation } = dataOf(options.stages.at(-1) as FineTuneStage, options);
  if (validation === undefined) return history;
  const temperature = await calibrateModel('fineTune', model, validation, options.validationSteps ?? Infinity);
  return history.map((record, i) => (i === history.length - 1 && temperature !== undefined ? { ...record, temperature } : record));
}

/** Returns a function that creates the error for a lost device. */
const deviceLost =
  (epoch: number) =>
  (reason: string, cause?: unknown): BackendError =>
    new BackendError(
      `fineTune: the device of '${tf.getBackend()}' was lost in epoch ${epoch} (${reason.replace(/\.$/, '')}). ` +
        'The last checkpoint remains valid. Select a backend, build the model again, and repeat the call with the same `store` to resume.',
      { cause },
    );

/** Compiles the model with the optimizer of a stage, and freezes and unfreezes its layers. */
function beginStage(model: LayersModel, stage: FineTuneStage, optimizer: NamedOptimizer, loss: Loss): void {
  if (stage.learningRate !== undefined) optimizer.learningRate = stage.learningRate;
  model.compile({ optimizer, loss });
  const selector = stage.unfreeze === 'all' ? undefined : stage.unfreeze;
  freeze(model);
  if (stage.batchNorm === 'trained') unfreeze(model, selector);
  else unfreezeExceptBatchNorm(model, selector);
  if (model.trainableWeights.length === 0) throw invalid('fineTune', 'unfreeze', 'layers with weights that can train', stage.unfreeze);
  optimizer.nameAfter(model);
}

// Reads what callbacks may have set. TypeScript would assume the value that was assigned above.
const stopped = (model: LayersModel): boolean => model.stopTraining;
