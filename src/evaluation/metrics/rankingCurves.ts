// Computes ROC and precision-recall curves. rankingScores.ts computes the areas under them for all classes.

import { DataError } from '../../core/index.js';
import { checkAnyEvaluation } from './checkEvaluation.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import { areasOf, oneVersusRest, type OneVersusRest } from './oneVersusRest.js';
import { targetIndex } from './targetIndex.js';

/** An ROC curve: true and false positive rates by threshold, from the highest threshold to the lowest. All arrays have the same length. */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Minimum score at which a sample counts as positive. The first is Infinity, at which no sample does. */
  readonly thresholds: Float64Array;
  /** Area under the curve: the probability that a positive sample has a higher score than a negative one. */
  readonly auc: number;
  /** The threshold with the largest difference of true and false positive rate (Youden's J). */
  readonly bestThreshold: number;
}

/** A precision-recall curve, from the lowest threshold to the highest. The last point is precision 1, recall 0. */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  /** One element shorter than the other arrays, because the last point has no threshold. */
  readonly thresholds: Float64Array;
  /** Mean precision, weighted by the increase in recall. */
  readonly averagePrecision: number;
  /** The threshold with the highest F1. */
  readonly bestThreshold: number;
}

/**
 * Computes the one-vs-rest ROC curve of a class.
 *
 * @param target - Name or index of the class. A name that several classes have needs the index.
 * @throws {OptionError} when there is no such class, or several classes have this name.
 * @throws {DataError} when every sample belongs to the class, or none does.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1]);
 * rocCurve(evaluation, 1).auc; // 1
 */
export function rocCurve(evaluation: Evaluation | MultiLabelEvaluation, target: string | number): RocCurve {
  const { scores, positive, column } = targetScores('rocCurve', evaluation, target);
  const { thresholds, hits, misses } = ranked(scores, positive);
  const points = thresholds.length;
  const positives = hits[points - 1] as number;
  const negatives = misses[points - 1] as number;
  if (positives === 0 || negatives === 0) throw onlyOneSide('rocCurve', evaluation, column, positives === 0);
  const truePositiveRate = new Float64Array(points + 1);
  const falsePositiveRate = new Float64Array(points + 1);
  let auc = 0;
  let best = 0;
  for (let i = 1; i <= points; i++) {
    const tpr = (truePositiveRate[i] = (hits[i - 1] as number) / positives);
    const fpr = (falsePositiveRate[i] = (misses[i - 1] as number) / negatives);
    auc += ((fpr - (falsePositiveRate[i - 1] as number)) * (tpr + (truePositiveRate[i - 1] as number))) / 2;
    if (tpr - fpr > (truePositiveRate[best] as number) - (falsePositiveRate[best] as number)) best = i;
  }
  const withNone = new Float64Array(points + 1).fill(Infinity);
  withNone.set(thresholds, 1);
  return { falsePositiveRate, truePositiveRate, thresholds: withNone, auc, bestThreshold: withNone[best] as number };
}

/**
 * Computes the one-vs-rest precision-recall curve of a class.
 *
 * @param target - Name or index of the class. A name that several classes have needs the index.
 * @throws {OptionError} when there is no such class, or several classes have this name.
 * @throws {DataError} when no sample belongs to the class.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1]);
 * precisionRecallCurve(evaluation, 1).bestThreshold; // 0.4
 */
export function precisionRecallCurve(evaluation: Evaluation | MultiLabelEvaluation, target: string | number): PrecisionRecallCurve {
  const { scores, positive, column } = targetScores('precisionRecallCurve', evaluation, target);
  const { thresholds, hits, misses } = ranked(scores, positive);
  const points = thresholds.length;
  const positives = hits[points - 1] as number;
  if (positives === 0) throw onlyOneSide('precisionRecallCurve', evaluation, column, true);
  const precision = new Float64Array(points + 1).fill(1);
  const recall = new Float64Array(points + 1);
  let bestF1 = -1;
  let bestThreshold = Infinity;
  for (let i = 0; i < points; i++) {
    const hit = hits[i] as number;
    const called = hit + (misses[i] as number);
    precision[points - 1 - i] = hit / called;
    recall[points - 1 - i] = hit / positives;
    const f1 = (2 * hit) / (called + positives);
    if (f1 > bestF1) [bestF1, bestThreshold] = [f1, thresholds[i] as number];
  }
  return {
    precision,
    recall,
    thresholds: thresholds.reverse(),
    averagePrecision: areasOf(scores, positive).averagePrecision,
    bestThreshold,
  };
}

interface Ranked {
  /** Distinct scores in descending order. */
  readonly thresholds: Float64Array;
  /** Number of positives that reach each threshold, and likewise of negatives. */
  readonly hits: Float64Array;
  readonly misses: Float64Array;
}

function ranked(scores: Float32Array, positive: ArrayLike<number>): Ranked {
  const steps: [number, number, number][] = [];
  walkThresholds(scores, positive, (...step) => steps.push(step));
  const [thresholds, hits, misses] = ([0, 1, 2] as const).map((column) => Float64Array.from(steps, (step) => step[column]));
  return { thresholds, hits, misses } as Ranked;
}

/** Visits each distinct score in descending order, with the numbers of positives and negatives that reach it. */
function walkThresholds(
  scores: Float32Array,
  positive: ArrayLike<number>,
  visit: (threshold: number, hits: number, misses: number) => void,
): void {
  // Score and label are packed into one integer, so that the fast built-in sort of numbers can be used. The bits of a nonnegative float32
  // increase with its value, and those of probabilities are below 2^30.
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const keys = new Uint32Array(scores.length);
  for (let i = 0; i < keys.length; i++) keys[i] = ((scores[i] as number) > 0 ? (bits[i] as number) * 2 : 0) + (positive[i] as number);
  keys.sort();
  const scoreBits = new Uint32Array(1);
  const score = new Float32Array(scoreBits.buffer);
  let hits = 0;
  let misses = 0;
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i] as number;
    if (key % 2 === 1) hits++;
    else misses++;
    if (i > 0 && (keys[i - 1] as number) >>> 1 === key >>> 1) continue;
    scoreBits[0] = key >>> 1;
    visit(score[0] as number, hits, misses);
  }
}

/** Returns the scores of a class given by name or index. */
function targetScores(
  where: string,
  evaluation: Evaluation | MultiLabelEvaluation,
  target: string | number,
): OneVersusRest & { readonly column: number } {
  checkAnyEvaluation(where, evaluation);
  const { classNames } = evaluation;
  const column = targetIndex(where, 'target', target, classNames.length, classNames);
  return { ...oneVersusRest(evaluation, column), column };
}

/** Creates the error for a class to which no sample or every sample belongs. */
function onlyOneSide(where: string, { classNames }: { readonly classNames: readonly string[] }, column: number, none: boolean): DataError {
  return new DataError(
    `${where}: expected samples that belong to '${classNames[column]}' and samples that do not, ` +
      `received ${none ? 'none that do' : 'none that do not'}.`,
  );
}
