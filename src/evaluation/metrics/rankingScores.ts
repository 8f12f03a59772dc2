// Computes the areas under the ROC and precision-recall curves of all classes. rankingCurves.ts computes the curves.

import { checkAnyEvaluation } from './checkEvaluation.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import { areasOf, oneVersusRest, type Areas } from './oneVersusRest.js';

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

function rankingScores(where: string, evaluation: Evaluation | MultiLabelEvaluation, pick: (areas: Areas) => number): RankingScores {
  checkAnyEvaluation(where, evaluation);
  const perClass = Float64Array.from(evaluation.classNames, (_, column) => {
    const { scores, positive } = oneVersusRest(evaluation, column);
    return pick(areasOf(scores, positive));
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
    // A getter, because it is rarely needed and takes as long as all classes together.
    get micro() {
      return (micro ??= pick(
        areasOf(evaluation.predictions.probabilities, evaluation.multiLabel ? evaluation.predictions.labels : oneHot(evaluation)),
      ));
    },
  };
}

function oneHot({ predictions, classNames, count }: Evaluation): Uint8Array {
  const rows = new Uint8Array(count * classNames.length);
  predictions.labels.forEach((label, sample) => {
    rows[sample * classNames.length + label] = 1;
  });
  return rows;
}
