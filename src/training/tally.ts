// Sums over the samples of an epoch, from which its loss and metrics are computed exactly.

import * as tf from '@tensorflow/tfjs-core';
import type { Metric } from './metrics.js';

/** Sums over the samples so far. */
export interface Tally {
  samples: number;
  /** Sum of the losses of all samples. */
  loss: number;
  /** Sum of the counts of each metric. Empty before the first batch. */
  counts: Float32Array[];
}

/** Creates the tally of an epoch before its first batch. */
export const emptyTally = (metrics: readonly Metric[]): Tally => ({ samples: 0, loss: 0, counts: metrics.map(() => new Float32Array(0)) });

/**
 * Adds a batch to a tally.
 *
 * @param counters - The counting functions of the metrics.
 * @param loss - Mean loss of the batch.
 */
export async function addToTally(
  tally: Tally,
  counters: readonly Metric['counts'][],
  labels: tf.Tensor,
  predictions: tf.Tensor,
  loss: number,
): Promise<void> {
  const [size = 0] = labels.shape;
  tally.samples += size;
  tally.loss += loss * size;
  for (const [i, counter] of counters.entries()) {
    const counts = counter(labels, predictions);
    const values = await counts.data<'float32'>();
    counts.dispose();
    const sums = tally.counts[i];
    tally.counts[i] = values.map((value, k) => value + (sums?.[k] ?? 0));
  }
}

/** Returns the metrics of a tally: the mean loss, and the value of each metric over all samples. */
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
