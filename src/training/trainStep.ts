// The training and validation steps of fineTune: checks of the batch, the weighted loss, the update, and the counts of the metrics.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DataError, EffnetError, OptionError, ShapeError } from '../core/index.js';
import { show, showShape } from '../core/internal.js';
import { checkLabelShape } from '../data/internal.js';
import { areFinite } from '../layers/internal.js';
import { reasonOf } from '../models/internal.js';
import type { FeatureCache, StepBatch } from './cachedFeatures.js';
import { checkLabels, meaningOf } from './checkLabels.js';
import { releaseFeatures, type SplitModel } from './frozenPart.js';
import type { Loss } from './losses.js';
import type { Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import type { Replicas } from './replicas.js';
import { takeIfFinite, takeStep } from './takeStep.js';
import { addToTally, type Tally } from './tally.js';
import { targetsLike } from './targets.js';

/** A batch of training data. The code that iterates over batches disposes them. */
export interface TrainingBatch {
  /** float32 `[batch, height, width, channels]`, or whatever the model takes. */
  readonly xs: tf.Tensor;
  /** Class indices `[batch]`, or vectors `[batch, targets]`. */
  readonly ys: tf.Tensor;
  /** Weight of each sample in the loss, `[batch]`. @defaultValue 1 for each sample */
  readonly sampleWeights?: tf.Tensor | undefined;
}

/** The names of the tensors of a {@link TrainingBatch}. */
export const TRAINING_PARTS = ['xs', 'ys', 'sampleWeights'] as const;

/** What the loss of a batch depends on. */
export type LossContext = Pick<StepContext, 'where' | 'loss' | 'classWeights'>;

/** What a step needs besides its batch. */
export interface StepContext {
  /** The function that errors name. */
  readonly where: string;
  readonly model: LayersModel;
  /** The model, split where its frozen part ends. */
  readonly split: SplitModel;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly classWeights: tf.Tensor1D | undefined;
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
  const predictions = context.split.predict(features, false);
  releaseFeatures(features, batch.xs);
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

async function featuresOf(context: StepContext, option: string, batch: StepBatch, place: string): Promise<readonly tf.Tensor[]> {
  // Batches of features were checked while they were images.
  if (batch.features !== undefined) return batch.features;
  await checkBatchNumbers(context, option, batch, place);
  return context.split.features(batch.xs as tf.Tensor);
}

const countersOf = ({ metrics }: StepContext): Metric['counts'][] => metrics.map(({ counts }) => counts);

/** Returns the mean of the weighted losses of a batch. */
export function meanLoss(context: LossContext, { ys, sampleWeights }: StepBatch, predictions: tf.Tensor, place: string): tf.Scalar {
  const { where, classWeights } = context;
  let losses = lossesOf(context, ys, predictions, place);
  if (classWeights !== undefined)
    losses = tf.mul(losses, tf.sum(tf.mul(targetsLike(where, ys, predictions, 'anything'), classWeights), -1));
  if (sampleWeights !== undefined) {
    if (sampleWeights.rank !== 1 || sampleWeights.shape[0] !== losses.shape[0]) {
      throw new ShapeError(`${where}: expected \`sampleWeights\` ${showShape(losses.shape)}, received ${showShape(sampleWeights.shape)}.`);
    }
    losses = tf.mul(losses, sampleWeights);
  }
  return tf.mean(losses);
}

function lossesOf({ where, loss }: LossContext, ys: tf.Tensor, predictions: tf.Tensor, place: string): tf.Tensor {
  let losses: unknown;
  try {
    losses = loss(ys, predictions);
  } catch (cause) {
    throw new OptionError(
      `${where}: expected losses [${predictions.shape[0]}] from \`loss\` at ${place}, but it threw: ${reasonOf(cause)}.`,
      { cause },
    );
  }
  // The return value of a JavaScript function may be missing.
  if (losses instanceof tf.Tensor) return losses as tf.Tensor;
  throw new OptionError(
    `${where}: expected a function that returns a tensor of losses [${predictions.shape[0]}] for \`loss\`, ` +
      `received ${show(losses)} from it.`,
  );
}

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
