// One epoch of fineTune: training steps, validation and callbacks.

import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../core/index.js';
import { trackProgress } from '../core/internal.js';
import { checkBatch } from '../data/internal.js';
import type { Dataset } from '../data/index.js';
import type { EpochMetrics, MetricValues } from './epochMetrics.js';
import { dataOf, type FineTuneOptions, type FineTuneStage } from './fineTuneOptions.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { emptyTally, metricsOfTally, type Tally } from './tally.js';
import { placeText } from './trainingPlace.js';
import type { Position } from './trainingRun.js';
import { testStep, TRAINING_PARTS, trainStep, type StepContext, type TrainingBatch } from './trainStep.js';

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
  const { where, model, metrics } = context;
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
  for await (const batch of train.open({ epoch, signal: undefined })) {
    const step = steps;
    const place = placeText({ step, epoch });
    checkBatch(where, 'train', batch, model.inputs[0]?.shape, ` at ${place}`, TRAINING_PARTS);
    try {
      steps += 1;
      // A resumed epoch reads its batches in the same order, and skips those that were trained on before.
      if (step < done) continue;
      if (signal?.aborted === true) {
        await save({ epoch, step, tally });
        signal.throwIfAborted();
      }
      for (const each of callbacks) await each.onBatchBegin(step);
      optimizer.place = { where, step, epoch };
      learningRate = optimizer.currentRate;
      const loss = await trainStep(context, optimizer, variables, batch, tally, place);
      if (step === done) onFirstStep?.();
      for (const each of callbacks) await each.onBatchEnd(step, { loss });
      report(steps, { loss: tally.loss / tally.samples });
      if (steps % checkpointEverySteps === 0) await save({ epoch, step: steps, tally });
    } finally {
      dispose(batch);
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
  const { where, model, metrics } = context;
  const tally = emptyTally(metrics);
  let step = 0;
  for await (const batch of data.open({ epoch: 0, signal: undefined })) {
    const place = `validation step ${step} after epoch ${epoch}`;
    checkBatch(where, 'validation', batch, model.inputs[0]?.shape, ` at ${place}`, TRAINING_PARTS);
    try {
      await testStep(context, batch, tally, place);
    } finally {
      dispose(batch);
    }
    if (++step >= validationSteps) break;
  }
  if (step === 0) throw new DataError(`${where}: expected at least one batch of \`validation\`, received none.`);
  return metricsOfTally(tally, metrics, 'val_');
}

function dispose({ xs, ys, sampleWeights }: TrainingBatch): void {
  tf.dispose([xs, ys, sampleWeights]);
}
