// The training and validation steps of fineTune: checks of the batch, the weighted loss, the update, and the counts of the metrics.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DataError, EffnetError } from '../core/index.js';
import { checkLabelShape } from '../data/internal.js';
import { areFinite } from '../layers/internal.js';
import type { FeatureCache } from './cachedFeatures.js';
import { checkLabels, meaningOf } from './checkLabels.js';
import type { SharedBatch } from './divideBatch.js';
import { releaseFeatures, type SplitModel } from './frozenPart.js';
import { meanLoss, type LossContext } from './meanLoss.js';
import type { Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import type { Replicas } from './replicas.js';
import { takeIfFinite, takeStep } from './takeStep.js';
import { addToTally, type Tally } from './tally.js';
import { TRAINING_PARTS, type StepBatch } from './trainingBatch.js';

/** What a step needs besides its batch. */
export interface StepContext extends LossContext {
  readonly model: LayersModel;
  /** The model, split where its frozen part ends. */
  readonly split: SplitModel;
  readonly metrics: readonly Metric[];
  /** Threads that share the batch, if the caller has any. */
  readonly replicas?: Replicas | undefined;
  /** Features that do not change between epochs. @defaultValue none are kept */
  readonly cache?: FeatureCache | undefined;
}

/**
 * Trains the model on a batch, adds the batch to the tally, and returns its loss. The caller must dispose the batch.
 *
 * @param place - The step and epoch that errors name, for example `step 3 of epoch 0`.
 * @throws {DataError} when labels are out of range, or the batch is not finite. {@link EffnetError} when the step is not finite. The model
 *   remains unchanged.
 */
export async function trainStep(
  context: StepContext,
  optimizer: NamedOptimizer,
  variables: tf.Variable[],
  batch: StepBatch,
  tally: Tally,
  place: string,
): Promise<number> {
  const features = await featuresOf(context, 'train', batch, place);
  const { where, model, split, replicas } = context;
  try {
    if (replicas !== undefined) {
      const { attempt, predictions } = await replicas.step(optimizer, { ...batch, features, classWeights: context.classWeights, place });
      try {
        const loss = await takeIfFinite({ where, place }, attempt);
        await addToTally(tally, countersOf(context), batch.ys, predictions, loss);
        return loss;
      } finally {
        predictions.dispose();
      }
    }
    return await takeStep({
      where,
      place,
      optimizer,
      variables,
      predict: () => split.predict(features, true),
      lossOf: (predictions) => tf.addN([meanLoss(context, batch, predictions, place), ...model.calculateLosses()]),
      onTaken: (predictions, loss) => addToTally(tally, countersOf(context), batch.ys, predictions, loss),
    });
  } finally {
    releaseFeatures(features, batch.xs);
  }
}

/**
 * Evaluates the model on a batch in inference mode, and adds the batch to the tally. The caller must dispose the batch.
 *
 * @throws {DataError} when labels are out of range, or the batch is not finite. {@link EffnetError} when the loss is not finite.
 */
export async function testStep(context: StepContext, batch: StepBatch, tally: Tally, place: string): Promise<void> {
  const features = await featuresOf(context, 'validation', batch, place);
  const predictions = await predict(context, { ...batch, features, classWeights: undefined, place }, batch.xs);
  try {
    const cost = tf.tidy(() => meanLoss({ ...context, classWeights: undefined }, batch, predictions, place));
    const [loss = NaN] = await cost.data();
    cost.dispose();
    if (!Number.isFinite(loss) || !(await areFinite([predictions]))) {
      throw new EffnetError(
        `${context.where}: expected finite predictions and a finite loss, received ` +
          `${Number.isFinite(loss) ? 'predictions of NaN or Infinity' : `a loss of ${loss}`} at ${place}. The last checkpoint remains valid.`,
      );
    }
    await addToTally(tally, countersOf(context), batch.ys, predictions, loss);
  } finally {
    predictions.dispose();
  }
}

/** Predicts in inference mode, in the threads if there are any, and releases the features. */
async function predict({ split, replicas }: StepContext, batch: SharedBatch, images: tf.Tensor | undefined): Promise<tf.Tensor> {
  try {
    return replicas === undefined ? split.predict(batch.features, false) : await replicas.predict(batch);
  } finally {
    releaseFeatures(batch.features, images);
  }
}

async function featuresOf(context: StepContext, option: string, batch: StepBatch, place: string): Promise<readonly tf.Tensor[]> {
  // Batches of features were checked while they were images.
  if (batch.features !== undefined) return batch.features;
  await checkBatchNumbers(context, option, batch, place);
  return context.split.features(batch.xs as tf.Tensor);
}

const countersOf = ({ metrics }: StepContext): Metric['counts'][] => metrics.map(({ counts }) => counts);

/** Returns the number of outputs of a model. */
export const classesOf = (model: LayersModel): number => model.outputs[0]?.shape.at(-1) ?? 1;

/** @throws {ShapeError} when the shape of the labels does not suit the loss, the metrics or the class weights. */
export function checkTrainingLabels(
  {
    where,
    model,
    loss,
    metrics,
    classWeights,
  }: Omit<StepContext, 'classWeights' | 'split' | 'replicas' | 'cache'> & { readonly classWeights: unknown },
  option: string,
  { shape }: tf.Tensor,
  place = '',
): void {
  // A loss of the user may accept labels of any shape.
  const areOurs = meaningOf(loss) !== 'anything' || metrics.length > 0 || classWeights !== undefined;
  if (areOurs && model.outputs[0]?.shape.length === 2)
    checkLabelShape(where, option, shape, classesOf(model), {
      place,
      remedy: 'Give the model as many outputs as there are classes, for example with `replaceHead`.',
    });
}

/** Checks labels and numbers before anything is computed, because layers and losses often hide what is wrong with a batch. */
export async function checkBatchNumbers(context: StepContext, option: string, batch: StepBatch, place: string): Promise<void> {
  const { where, model, loss, metrics } = context;
  const meaning = meaningOf(loss);
  checkTrainingLabels(context, option, batch.ys, ` at ${place}`);
  // Metrics count decisions, so their labels must be in [0, 1] even if the loss accepts other labels.
  const required = meaning === 'anything' && metrics.length > 0 ? 'targets' : meaning;
  await checkLabels(where, batch.ys, classesOf(model), required, ` at ${place}`);
  const parts = TRAINING_PARTS.map((name) => [name, batch[name]] as const).filter(
    (part): part is [(typeof part)[0], tf.Tensor] => part[1] !== undefined,
  );
  if (await areFinite(parts.map(([, tensor]) => tensor))) return;
  for (const [name, tensor] of parts) {
    if (await areFinite([tensor])) continue;
    throw new DataError(
      `${where}: expected finite numbers for \`${name}\` at ${place}, received NaN or Infinity. ` +
        `The model keeps the weights of the previous step, and the last checkpoint remains valid. Look at that batch.`,
    );
  }
}
