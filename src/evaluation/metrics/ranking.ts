// Computes ROC and precision-recall curves and the areas under them.

import { DataError } from '../../core/index.js';
import { didYouMean, invalid, list } from '../../core/internal.js';
import { checkAnyEvaluation } from './checkEvaluation.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';

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

/** One-vs-rest areas of all classes, and their averages. */
export interface RankingScores {
  /** Area of each class. NaN if no sample belongs to the class or, for ROC, if every sample does. */
  readonly perClass: Float64Array;
  /** Unweighted mean over the classes that have an area. */
  readonly macro: number;
  /** Mean over the classes that have an area, weighted by support. */
  readonly weighted: number;
  /** Area over the decisions of all samples and classes together. */
  readonly micro: number;
}

/**
 * Computes the one-vs-rest ROC curve of a class.
 *
 * @param target - Name or index of the class.
 * @throws {OptionError} when there is no such class.
 * @throws {DataError} when every sample belongs to the class, or none does.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1]);
 * rocCurve(evaluation, 1).auc; // 1
 */
export function rocCurve(evaluation: Evaluation | MultiLabelEvaluation, target: string | number): RocCurve {
  const { scores, positive } = oneVersusRest('rocCurve', evaluation, target);
  const { thresholds, hits, misses } = ranked(scores, positive);
  const points = thresholds.length;
  const positives = hits[points - 1] as number;
  const negatives = misses[points - 1] as number;
  if (positives === 0 || negatives === 0) throw onlyOneSide('rocCurve', evaluation, target, positives === 0);
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
 * @param target - Name or index of the class.
 * @throws {OptionError} when there is no such class.
 * @throws {DataError} when no sample belongs to the class.
 * @example
 * const evaluation = evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1]);
 * precisionRecallCurve(evaluation, 1).bestThreshold; // 0.4
 */
export function precisionRecallCurve(evaluation: Evaluation | MultiLabelEvaluation, target: string | number): PrecisionRecallCurve {
  const { scores, positive } = oneVersusRest('precisionRecallCurve', evaluation, target);
  const { thresholds, hits, misses } = ranked(scores, positive);
  const points = thresholds.length;
  const positives = hits[points - 1] as number;
  if (positives === 0) throw onlyOneSide('precisionRecallCurve', evaluation, target, true);
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
  return { precision, recall, thresholds: thresholds.reverse(), averagePrecision: areas(scores, positive).averagePrecision, bestThreshold };
}

/**
 * Computes the one-vs-rest area under the ROC curve of every class.
 *
 * @example
 * rocAuc(evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1])).macro; // 1
 */
export function rocAuc(evaluation: Evaluation | MultiLabelEvaluation): RankingScores {
  return rankingScores('rocAuc', evaluation, ({ auc }) => auc);
}

/**
 * Computes the one-vs-rest average precision of every class.
 *
 * @example
 * averagePrecision(evaluatePredictions([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1])).macro; // 1
 */
export function averagePrecision(evaluation: Evaluation | MultiLabelEvaluation): RankingScores {
  return rankingScores('averagePrecision', evaluation, (area) => area.averagePrecision);
}

function oneHot({ predictions, classNames, count }: Evaluation): Uint8Array {
  const rows = new Uint8Array(count * classNames.length);
  predictions.labels.forEach((label, sample) => {
    rows[sample * classNames.length + label] = 1;
  });
  return rows;
}

interface Areas {
  readonly auc: number;
  readonly averagePrecision: number;
}

function rankingScores(where: string, evaluation: Evaluation | MultiLabelEvaluation, pick: (areas: Areas) => number): RankingScores {
  checkAnyEvaluation(where, evaluation);
  const perClass = Float64Array.from(evaluation.classNames, (_, column) => {
    const { scores, positive } = oneVersusRest(where, evaluation, column);
    return pick(areas(scores, positive));
  });
  let sum = 0;
  let weightedSum = 0;
  let defined = 0;
  let weights = 0;
  perClass.forEach((area, i) => {
    if (Number.isNaN(area)) return;
    const support = evaluation.perClass[i]?.support ?? 0;
    sum += area;
    weightedSum += area * support;
    defined++;
    weights += support;
  });
  let micro: number | undefined;
  return {
    perClass,
    macro: sum / defined,
    weighted: weightedSum / weights,
    // A getter, because it takes as long as all classes together and is rarely needed.
    get micro() {
      return (micro ??= pick(
        areas(evaluation.predictions.probabilities, evaluation.multiLabel ? evaluation.predictions.labels : oneHot(evaluation)),
      ));
    },
  };
}

/**
 * Computes both areas and sorts only the positives. For each negative, it is enough to know how many positive scores it reaches, because
 * the areas change only at those scores.
 */
function areas(scores: Float32Array, positive: ArrayLike<number>): Areas {
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

function oneVersusRest(where: string, evaluation: Evaluation | MultiLabelEvaluation, target: string | number) {
  checkAnyEvaluation(where, evaluation);
  const column = classIndex(where, evaluation, target);
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

/** Returns the index of a class given by name or index. */
function classIndex(where: string, { classNames }: { readonly classNames: readonly string[] }, target: string | number): number {
  const index = typeof target === 'number' ? target : classNames.indexOf(target);
  if (Number.isInteger(index) && index >= 0 && index < classNames.length) return index;
  const known = classNames.length <= 12 ? `one of ${list(classNames)}` : 'a class name';
  throw invalid(where, 'target', `${known} or an index below ${classNames.length}`, target, didYouMean(target, classNames));
}

function onlyOneSide(
  where: string,
  { classNames }: { readonly classNames: readonly string[] },
  target: string | number,
  none: boolean,
): DataError {
  const name = typeof target === 'string' ? target : classNames[target];
  return new DataError(
    `${where}: expected samples that belong to '${name}' and samples that do not, received ${none ? 'none that do' : 'none that do not'}.`,
  );
}
