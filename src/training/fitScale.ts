// Chooses the factor on the logits of a classifier, from predictions for images that it did not learn from.

import { bestScale } from '../evaluation/metrics/internal.js';

/** How well images are predicted by the other images. */
export interface LeaveOneOut {
  /** Number of images that were left out, one at a time. */
  readonly count: number;
  /** Fraction of correct predictions, in [0, 1]. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
}

/** The result of {@link fitScale}. */
export interface FittedScale {
  readonly scale: number;
  readonly leaveOneOut: LeaveOneOut | undefined;
}

/**
 * Returns the factor that minimizes the cross-entropy.
 *
 * The targets are smoothed by 1 / (number of images + 1), as in Platt's calibration, so that a finite factor is best even where every
 * prediction is correct.
 *
 * @param logits - One vector per image.
 * @param width - Number of features. Without images, it determines the factor.
 */
export function fitScale(logits: readonly Float64Array[], labels: readonly number[], width: number): FittedScale {
  if (logits.length === 0) return { scale: UNKNOWN / width, leaveOneOut: undefined };
  const smoothing = 1 / (logits.length + 1);
  const expected = Float64Array.from(logits, (row, i) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    return (1 - smoothing) * (row[labels[i] as number] as number) + smoothing * mean;
  });
  const classes = logits[0]?.length ?? 0;
  const values = new Float64Array(logits.length * classes);
  logits.forEach((row, i) => {
    values.set(row, i * classes);
  });
  const scale = bestScale({ logits: values, classes, expected }, 1e-6, 1e3);
  const correct = logits.filter((row, i) => row.indexOf(row.reduce((a, b) => Math.max(a, b))) === labels[i]).length;
  const loss = logits.reduce((sum, row, i) => sum - logProbability(row, labels[i] as number, scale), 0) / logits.length;
  return { scale, leaveOneOut: { count: logits.length, accuracy: correct / logits.length, loss } };
}

/** The best factor for one image per class, times the number of features: the value with the lowest loss on the clothes photos. */
const UNKNOWN = 7;

function logProbability(row: Float64Array, label: number, scale: number): number {
  const largest = row.reduce((a, b) => Math.max(a, b));
  const sum = row.reduce((total, value) => total + Math.exp((value - largest) * scale), 0);
  return ((row[label] as number) - largest) * scale - Math.log(sum);
}
