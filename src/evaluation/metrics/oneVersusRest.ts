// Separates the samples of one class from all others, and computes the areas of its curves.

import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';

/** The scores of one class, `[samples]`. */
export interface OneVersusRest {
  readonly scores: Float32Array;
  /** 1 for samples that belong to the class, otherwise 0. */
  readonly positive: Uint8Array;
}

/** The areas under the curves of one class. */
export interface Areas {
  readonly auc: number;
  readonly averagePrecision: number;
}

/** Returns the scores of a class and which samples belong to it. */
export function oneVersusRest(evaluation: Evaluation | MultiLabelEvaluation, column: number): OneVersusRest {
  const { labels, probabilities } = evaluation.predictions;
  const classes = evaluation.classNames.length;
  const scores = new Float32Array(evaluation.count);
  const positive = new Uint8Array(evaluation.count);
  const single = !evaluation.multiLabel;
  for (let i = 0; i < evaluation.count; i++) {
    scores[i] = probabilities[i * classes + column] as number;
    positive[i] = single ? Number(labels[i] === column) : (labels[i * classes + column] as number);
  }
  return { scores, positive };
}

/**
 * Computes both areas and sorts only the positives. For each negative, it is enough to know how many positive scores it reaches, because
 * the areas change only at those scores.
 */
export function areasOf(scores: Float32Array, positive: ArrayLike<number>): Areas {
  const thresholds = positiveScores(scores, positive);
  const hits = new Float64Array(thresholds.length);
  // Counts the negatives by the number of thresholds they reach, and those that equal the last threshold they reach.
  const reaching = new Float64Array(thresholds.length + 1);
  const tied = new Float64Array(thresholds.length + 1);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    const reached = upperBound(thresholds, score);
    if (positive[i] === 1) hits[reached - 1] = (hits[reached - 1] as number) + 1;
    else {
      reaching[reached] = (reaching[reached] as number) + 1;
      if (reached > 0 && thresholds[reached - 1] === score) tied[reached] = (tied[reached] as number) + 1;
    }
  }
  let hit = 0;
  let miss = 0;
  let area = 0;
  let precisions = 0;
  for (let i = thresholds.length - 1; i >= 0; i--) {
    const own = hits[i] as number;
    const above = miss + (reaching[i + 1] as number) - (tied[i + 1] as number);
    hit += own;
    miss += reaching[i + 1] as number;
    // A positive ranks below the negatives with higher scores. Ties count half.
    area += own * (above + (tied[i + 1] as number) / 2);
    precisions += (own * hit) / (hit + miss);
  }
  const negatives = scores.length - hit;
  return { auc: negatives === 0 ? NaN : 1 - area / hit / negatives, averagePrecision: precisions / hit };
}

/** Returns the distinct scores of the positives in ascending order. */
function positiveScores(scores: Float32Array, positive: ArrayLike<number>): Float32Array {
  let count = 0;
  const sorted = new Float32Array(scores.length);
  for (let i = 0; i < scores.length; i++) if (positive[i] === 1) sorted[count++] = scores[i] as number;
  return sorted
    .subarray(0, count)
    .sort()
    .filter((score, i, all) => i === 0 || score !== all[i - 1]);
}

/** Returns the number of values, in ascending order, that a score reaches. */
function upperBound(rising: Float32Array, score: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] as number) <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
