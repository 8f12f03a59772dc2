// One epoch of fineTune: training steps, validation and callbacks.

import type * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';
import { trackProgress } from '../core/internal.js';
import { checkBatch } from '../data/internal.js';
import type { Dataset } from '../data/index.js';
import { disposeBatch, type FeaturePass } from './cachedFeatures.js';
import type { EpochMetrics, MetricValues } from './epochMetrics.js';
import { dataOf, type FineTuneOptions, type FineTuneStage } from './fineTuneOptions.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { emptyTally, metricsOfTally, type Tally } from './tally.js';
import { placeText } from './trainingPlace.js';
import type { Position } from './trainingRun.js';
import { TRAINING_PARTS, type StepBatch, type TrainingBatch } from './trainingBatch.js';
import { checkBatchNumbers, testStep, trainStep, type StepContext } from './trainStep.js';

/** What an epoch needs. */
export interface EpochRun {
  readonly context: StepContext;
  readonly optimizer: NamedOptimizer;
  readonly variables: tf.Variable[];
  readonly stage: FineTuneStage;
  readonly options: FineTuneOptions;
  readonly epoch: number;
  readonly totalEpochs: number;
  readonly save: (position: Partial<Position> & Pick<Position, 'epoch' | 'step'>) => Promise<void>;
  /** Where a resumed epoch continues. */
  readonly from: Position | undefined;
  /** Called after the first step. */
  readonly onFirstStep: (() => void) | undefined;
}

/** Trains for an epoch, or for the rest of one, and returns its metrics. */
export async function trainEpoch({
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
  const { callbacks = [], stepsPerEpoch = Infinity, checkpointEverySteps = Infinity, signal } = options;
  const { where, metrics } = context;
  const { train, validation } = dataOf(stage, options);
  const known = Math.min(stepsPerEpoch, Number.isNaN(train.size) ? Infinity : train.size);
  const report = trackProgress(
    options.onProgress,
    `epoch ${epoch + 1}/${totalEpochs}`,
    'steps',
    Number.isFinite(known) ? known : undefined,
  );
  const tally: Tally = from?.tally ?? emptyTally(metrics);
  const done = from?.step ?? 0;
  for (const each of callbacks) await each.onEpochBegin(epoch);
  let steps = 0;
  let learningRate = optimizer.currentRate;
  const placeOf = (step: number): string => placeText({ step, epoch });
  for await (const batch of openBatches(context, 'train', train, { epoch, skip: done, placeOf })) {
    const step = steps;
    try {
      steps += 1;
      // A resumed epoch reads its batches in the same order, and skips those that were trained on before.
      if (step >= done) {
        if (signal?.aborted === true) {
          await save({ epoch, step, tally });
          signal.throwIfAborted();
        }
        for (const each of callbacks) await each.onBatchBegin(step);
        optimizer.place = { where, step, epoch };
        learningRate = optimizer.currentRate;
        const loss = await trainStep(context, optimizer, variables, batch as StepBatch, tally, placeOf(step));
        if (step === done) onFirstStep?.();
        for (const each of callbacks) await each.onBatchEnd(step, { loss });
        report(steps, { loss: tally.loss / tally.samples });
        if (steps % checkpointEverySteps === 0) await save({ epoch, step: steps, tally });
      }
    } finally {
      disposeBatch(batch);
    }
    if (steps >= stepsPerEpoch) break;
  }
  report.end();
  if (steps === 0 || (steps < stepsPerEpoch && stepsPerEpoch !== Infinity)) {
    throw new DataError(
      `${where}: expected ${stepsPerEpoch === Infinity ? 'at least one batch' : `${stepsPerEpoch} batches`} per epoch, ` +
        `received ${steps}. Repeat the data, or set fewer steps.`,
    );
  }
  const values = {
    loss: NaN,
    ...(await metricsOfTally(tally, metrics)),
    ...(await validate(context, validation, epoch, options)),
    learningRate,
  };
  for (const each of callbacks) await each.onEpochEnd(epoch, values);
  return values;
}

async function validate(
  context: StepContext,
  data: Dataset<TrainingBatch> | undefined,
  epoch: number,
  { validationSteps = Infinity }: FineTuneOptions,
): Promise<MetricValues> {
  if (data === undefined) return {};
  const { where, metrics } = context;
  const tally = emptyTally(metrics);
  let step = 0;
  const placeOf = (at: number): string => `validation step ${at} after epoch ${epoch}`;
  for await (const batch of openBatches(context, 'validation', data, { epoch: 0, skip: 0, placeOf })) {
    try {
      await testStep(context, batch as StepBatch, tally, placeOf(step));
    } finally {
      disposeBatch(batch);
    }
    if (++step >= validationSteps) break;
  }
  if (step === 0) throw new DataError(`${where}: expected at least one batch of \`validation\`, received none.`);
  return metricsOfTally(tally, metrics, 'val_');
}

/** Which batches to read, and how errors name the place of a step. */
interface BatchPass extends Pick<FeaturePass, 'epoch' | 'skip'> {
  readonly placeOf: (step: number) => string;
}

/** Opens batches of features if they can be kept between epochs, or else of images. */
async function* openBatches(
  context: StepContext,
  option: string,
  data: Dataset<TrainingBatch>,
  { epoch, skip, placeOf }: BatchPass,
): AsyncGenerator<Partial<StepBatch>> {
  const { where, model, cache } = context;
  const checkParts = (batch: unknown, step: number): void => {
    checkBatch(where, option, batch, model.inputs[0]?.shape, ` at ${placeOf(step)}`, TRAINING_PARTS);
  };
  const check = (batch: TrainingBatch, step: number): Promise<void> => {
    checkParts(batch, step);
    return checkBatchNumbers(context, option, batch, placeOf(step));
  };
  const cached = cache?.open(data, { epoch, skip, check });
  if (cached !== undefined) {
    yield* cached;
    return;
  }
  let step = 0;
  for await (const batch of data.open({ epoch, signal: undefined })) {
    checkParts(batch, step++);
    yield batch;
  }
}
