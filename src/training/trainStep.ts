// One step of training: forward, loss with weights, backward, update, and what the metrics count. The loop is fineTune.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DataError, EffnetError, OptionError, ShapeError } from '../core/index.js';
import { show, showShape } from '../core/internal.js';
import { areFinite } from '../layers/internal.js';
import { reasonOf } from '../models/internal.js';
import { takeStep } from './attempt.js';
import { checkLabels, checkLabelShape, meaningOf } from './checkLabels.js';
import { releaseFeatures, type SplitModel } from './frozenPart.js';
import type { Loss } from './losses.js';
import type { Metric } from './metrics.js';
import type { NamedOptimizer } from './NamedOptimizer.js';
import { targetsLike } from './targets.js';

/** A batch to learn from; whoever iterates disposes. */
export interface TrainingBatch {
  /** float32 `[batch, height, width, channels]`, or whatever the model takes. */
  readonly xs: tf.Tensor;
  /** Class indices `[batch]`, or vectors `[batch, targets]`. */
  readonly ys: tf.Tensor;
  /** How much each sample counts, `[batch]`. @defaultValue 1 each */
  readonly sampleWeights?: tf.Tensor | undefined;
}

/** The tensors of a {@link TrainingBatch}. */
export const TRAINING_PARTS = ['xs', 'ys', 'sampleWeights'] as const;

/** Sums over the samples seen so far: what the metrics of an epoch are made of. */
export interface Tally {
  samples: number;
  loss: number;
  counts: Float32Array[];
}

export const emptyTally = (metrics: readonly Metric[]): Tally => ({ samples: 0, loss: 0, counts: metrics.map(() => new Float32Array(0)) });

/** The metrics of a tally: the mean loss, and each metric over all its samples. */
export async function metricsOfTally(
  { samples, loss, counts }: Tally,
  metrics: readonly Metric[],
  prefix = '',
): Promise<Record<string, number>> {
  const values: Record<string, number> = { [`${prefix}loss`]: loss / samples };
  for (const [i, metric] of metrics.entries()) {
    const result = tf.tidy(() => metric.result(tf.tensor1d(counts[i] as Float32Array)));
    values[`${prefix}${metric.name}`] = (await result.data())[0] ?? NaN;
    result.dispose();
  }
  return values;
}

/** What a step needs besides its batch. */
export interface StepContext {
  readonly model: LayersModel;
  /** The model with its frozen part apart. */
  readonly split: SplitModel;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly classWeights: tf.Tensor1D | undefined;
}

/**
 * Learns from a batch and adds it to the tally; returns its loss. The caller disposes the batch.
 *
 * @param place - Where training stands: `step 3 of epoch 0`.
 * @throws {DataError} when labels are out of range, or the batch is not finite. {@link EffnetError} when the step is not finite. The model
 *   stays as it was.
 */
export async function trainStep(
  context: StepContext,
  optimizer: NamedOptimizer,
  variables: tf.Variable[],
  batch: TrainingBatch,
  tally: Tally,
  place: string,
): Promise<number> {
  await checkNumbers(context, 'train', batch, place);
  const features = await context.split.features(batch.xs);
  let predictions: tf.Tensor | undefined;
  try {
    const step = optimizer.attempt(() => {
      predictions = tf.keep(context.split.predict(features, true));
      return tf.addN([meanLoss(context, batch, predictions, place), ...context.model.calculateLosses()]);
    }, variables);
    const loss = await takeStep('fineTune', step, place);
    await count(context, batch, loss, predictions, tally);
    return loss;
  } finally {
    predictions?.dispose();
    releaseFeatures(features, batch.xs);
  }
}

/**
 * Measures a batch as the model infers; the caller disposes the batch.
 *
 * @throws {DataError} when labels are out of range, or the batch is not finite. {@link EffnetError} when the loss is not finite.
 */
export async function testStep(context: StepContext, batch: TrainingBatch, tally: Tally, place: string): Promise<void> {
  await checkNumbers(context, 'validation', batch, place);
  const features = await context.split.features(batch.xs);
  const predictions = context.split.predict(features, false);
  releaseFeatures(features, batch.xs);
  try {
    const cost = tf.tidy(() => meanLoss({ ...context, classWeights: undefined }, batch, predictions, place));
    const [loss = NaN] = await cost.data();
    cost.dispose();
    if (!Number.isFinite(loss) || !(await areFinite([predictions]))) {
      throw new EffnetError(
        `fineTune: expected finite predictions and a finite loss, received ` +
          `${Number.isFinite(loss) ? 'predictions of NaN or Infinity' : `a loss of ${loss}`} at ${place}. The last checkpoint stays.`,
      );
    }
    await count(context, batch, loss, predictions, tally);
  } finally {
    predictions.dispose();
  }
}

function meanLoss(
  { loss, classWeights }: StepContext,
  { ys, sampleWeights }: TrainingBatch,
  predictions: tf.Tensor,
  place: string,
): tf.Scalar {
  let losses = lossesOf(loss, ys, predictions, place);
  // JavaScript callers may forget to return.
  if (!((losses as unknown) instanceof tf.Tensor))
    throw new OptionError(
      `fineTune: expected a function that returns a tensor of losses [${predictions.shape[0]}] for \`loss\`, ` +
        `received ${show(losses)} from it.`,
    );
  if (classWeights !== undefined)
    losses = tf.mul(losses, tf.sum(tf.mul(targetsLike('fineTune', ys, predictions, 'anything'), classWeights), -1));
  if (sampleWeights !== undefined) {
    if (sampleWeights.rank !== 1 || sampleWeights.shape[0] !== losses.shape[0]) {
      throw new ShapeError(`fineTune: expected \`sampleWeights\` ${showShape(losses.shape)}, received ${showShape(sampleWeights.shape)}.`);
    }
    losses = tf.mul(losses, sampleWeights);
  }
  return tf.mean(losses);
}

function lossesOf(loss: Loss, ys: tf.Tensor, predictions: tf.Tensor, place: string): tf.Tensor {
  try {
    return loss(ys, predictions);
  } catch (cause) {
    throw new OptionError(`fineTune: expected losses [${predictions.shape[0]}] from \`loss\` at ${place}, it threw: ${reasonOf(cause)}.`, {
      cause,
    });
  }
}

async function count(
  { metrics }: StepContext,
  batch: TrainingBatch,
  loss: number,
  predictions: tf.Tensor | undefined,
  tally: Tally,
): Promise<void> {
  const size = batch.xs.shape[0];
  tally.samples += size;
  tally.loss += loss * size;
  if (predictions === undefined) return;
  for (const [i, metric] of metrics.entries()) {
    const counts = metric.counts(batch.ys, predictions);
    const values = await counts.data();
    const sums = tally.counts[i] as Float32Array;
    tally.counts[i] = sums.length === 0 ? new Float32Array(values) : sums.map((sum, k) => sum + (values[k] ?? 0));
    counts.dispose();
  }
}

/** How many outputs a model has. */
export const classesOf = (model: LayersModel): number => model.outputs[0]?.shape.at(-1) ?? 1;

/** Throws a ShapeError when the loss or a metric of this library, or the class weights, cannot read labels of this shape. */
export function checkTrainingLabels(
  { model, loss, metrics, classWeights }: Pick<StepContext, 'model' | 'loss' | 'metrics'> & { readonly classWeights: unknown },
  option: string,
  labels: tf.Tensor,
  place = '',
): void {
  const areOurs = meaningOf(loss) !== 'anything' || metrics.length > 0 || classWeights !== undefined;
  if (areOurs && model.outputs[0]?.shape.length === 2) checkLabelShape('fineTune', option, labels, classesOf(model), place);
}

/** Labels and numbers are checked before anything is computed: what is wrong with a batch is often hidden by the layers and the loss. */
async function checkNumbers(context: StepContext, option: string, { xs, ys, sampleWeights }: TrainingBatch, place: string): Promise<void> {
  const { model, loss, metrics } = context;
  const classes = classesOf(model);
  const meaning = meaningOf(loss);
  checkTrainingLabels(context, option, ys, ` at ${place}`);
  // A metric counts hits, so its labels are yes or no even where the loss is the caller's own.
  await checkLabels('fineTune', ys, classes, meaning === 'anything' && metrics.length > 0 ? 'targets' : meaning, ` at ${place}`);
  const parts = { xs, ys, ...(sampleWeights === undefined ? {} : { sampleWeights }) };
  if (await areFinite(Object.values(parts))) return;
  for (const [name, tensor] of Object.entries(parts)) {
    if (await areFinite([tensor])) continue;
    throw new DataError(
      `fineTune: expected finite numbers for \`${name}\` at ${place}, received NaN or Infinity. ` +
        `The model keeps the weights of the step before, and the last checkpoint stays. Look at that batch.`,
    );
  }
}
