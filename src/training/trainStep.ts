// One step of training: forward, loss with weights, backward, update, and what the metrics count. The loop is fineTune.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DataError, ShapeError, showShape } from '../core/index.js';
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
  readonly weights?: tf.Tensor;
}

/** Sums over the samples seen so far: what an epoch's figures are made of. */
export interface Tally {
  samples: number;
  loss: number;
  counts: Float32Array[];
}

export const emptyTally = (metrics: readonly Metric[]): Tally => ({ samples: 0, loss: 0, counts: metrics.map(() => new Float32Array(0)) });

/** The figures of a tally: the mean loss, and each metric over all its samples. */
export async function figuresOfTally({ samples, loss, counts }: Tally, metrics: readonly Metric[], prefix = ''): Promise<Record<string, number>> {
  const figures: Record<string, number> = { [`${prefix}loss`]: loss / samples };
  for (const [i, metric] of metrics.entries()) {
    const result = tf.tidy(() => metric.result(tf.tensor1d(counts[i] as Float32Array)));
    figures[`${prefix}${metric.name}`] = (await result.data())[0] ?? NaN;
    result.dispose();
  }
  return figures;
}

/** What a step needs besides its batch. */
export interface StepContext {
  readonly model: LayersModel;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
  readonly classWeights: tf.Tensor1D | undefined;
}

/** Learns from a batch and adds it to the tally; returns its loss. The caller disposes the batch. */
export async function trainStep(context: StepContext, optimizer: NamedOptimizer, variables: tf.Variable[], batch: TrainingBatch, tally: Tally): Promise<number> {
  await checkLabels(context.model, batch.ys);
  let predictions: tf.Tensor | undefined;
  const cost = optimizer.minimize(() => {
    predictions = tf.keep(context.model.apply(batch.xs, { training: true }) as tf.Tensor);
    return tf.addN([meanLoss(context, batch, predictions), ...context.model.calculateLosses()]);
  }, true, variables);
  return count(context, batch, cost, predictions, tally);
}

/** Measures a batch as the model infers; the caller disposes the batch. */
export async function testStep(context: StepContext, batch: TrainingBatch, tally: Tally): Promise<void> {
  await checkLabels(context.model, batch.ys);
  const predictions = context.model.predictOnBatch(batch.xs) as tf.Tensor;
  const cost = tf.tidy(() => meanLoss({ ...context, classWeights: undefined }, batch, predictions));
  await count(context, batch, cost, predictions, tally);
}

function meanLoss({ loss, classWeights }: StepContext, { ys, weights }: TrainingBatch, predictions: tf.Tensor): tf.Scalar {
  let losses = loss(ys, predictions);
  if (classWeights !== undefined) losses = tf.mul(losses, tf.sum(tf.mul(targetsLike('fineTune', ys, predictions), classWeights), -1));
  if (weights !== undefined) {
    if (weights.rank !== 1 || weights.shape[0] !== losses.shape[0]) throw new ShapeError(`fineTune: expected sample weights ${showShape(losses.shape)}, received ${showShape(weights.shape)}.`);
    losses = tf.mul(losses, weights);
  }
  return tf.mean(losses);
}

async function count({ metrics }: StepContext, batch: TrainingBatch, cost: tf.Scalar | null, predictions: tf.Tensor | undefined, tally: Tally): Promise<number> {
  const loss = cost === null ? NaN : ((await cost.data())[0] ?? NaN);
  const size = batch.xs.shape[0];
  tally.samples += size;
  tally.loss += loss * size;
  if (predictions !== undefined) {
    for (const [i, metric] of metrics.entries()) {
      const counts = metric.counts(batch.ys, predictions);
      const values = await counts.data();
      const sums = tally.counts[i] as Float32Array;
      tally.counts[i] = sums.length === 0 ? new Float32Array(values) : sums.map((sum, k) => sum + (values[k] ?? 0));
      counts.dispose();
    }
  }
  tf.dispose([cost, predictions].filter((tensor) => tensor != null));
  return loss;
}

// One-hot encoding turns an index out of range into zeros without a word.
async function checkLabels(model: LayersModel, ys: tf.Tensor): Promise<void> {
  const classes = model.outputs[0]?.shape.at(-1) ?? 1;
  if (classes === 1 || !(ys.rank === 1 || ys.shape[1] === 1)) return;
  for (const label of await ys.data()) {
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DataError(`fineTune: expected labels in [0, ${classes}), one of the model's ${classes} classes, received ${label}.`);
    }
  }
}
