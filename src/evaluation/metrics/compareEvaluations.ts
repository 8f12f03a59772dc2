// Compares two evaluations of the same data, for example before and after fine-tuning.

import { DataError } from '../../core/index.js';
import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';

/** The differences between two evaluations. */
export interface EvaluationComparison {
  /** Accuracy of the second evaluation minus that of the first. */
  readonly accuracyGain: number;
  /** Loss of the second evaluation minus that of the first. Negative if the second is better. */
  readonly lossGain: number;
  readonly macroF1Gain: number;
  /** Number of samples that both evaluations predict correctly. */
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Indices of samples that only the second evaluation predicts correctly. */
  readonly fixed: Int32Array;
  /** Indices of samples that only the first evaluation predicts correctly. */
  readonly broken: Int32Array;
  /**
   * p-value of McNemar's exact test, two-sided: the probability of a split of `fixed` and `broken` at least this uneven if both models
   * were equally good.
   */
  readonly pValue: number;
  /** F1 of each class in the first (`before`) and the second (`after`) evaluation. */
  readonly perClass: readonly { readonly name: string; readonly before: number; readonly after: number; readonly gain: number }[];
}

/**
 * Compares two evaluations of the same samples in the same order.
 *
 * @throws {DataError} when the samples, their labels, their files or the class names differ.
 * @example
 * const before = evaluatePredictions([[0.9, 0.1], [0.8, 0.2]], [0, 1]);
 * const after = evaluatePredictions([[0.9, 0.1], [0.2, 0.8]], [0, 1]);
 * compareEvaluations(before, after).accuracyGain; // 0.5
 * @see McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947)
 */
export function compareEvaluations(before: Evaluation, after: Evaluation): EvaluationComparison {
  checkEvaluation('compareEvaluations', before, 'before');
  checkEvaluation('compareEvaluations', after, 'after');
  checkSameData('compareEvaluations', before, after);
  const { labels, predicted: first } = before.predictions;
  const { predicted: second } = after.predictions;
  const fixed: number[] = [];
  const broken: number[] = [];
  let bothRight = 0;
  labels.forEach((label, i) => {
    const rightBefore = first[i] === label;
    const rightAfter = second[i] === label;
    if (rightBefore && rightAfter) bothRight++;
    else if (rightAfter) fixed.push(i);
    else if (rightBefore) broken.push(i);
  });
  return {
    accuracyGain: after.accuracy - before.accuracy,
    lossGain: after.loss - before.loss,
    macroF1Gain: after.macro.f1 - before.macro.f1,
    bothRight,
    bothWrong: before.count - bothRight - fixed.length - broken.length,
    fixed: Int32Array.from(fixed),
    broken: Int32Array.from(broken),
    pValue: mcnemar(fixed.length, broken.length),
    perClass: before.perClass.map(({ name, f1 }, i) => {
      const now = after.perClass[i]?.f1 ?? 0;
      return { name, before: f1, after: now, gain: now - f1 };
    }),
  };
}

/** Computes the exact two-sided binomial test that wins and losses are equally likely. */
function mcnemar(wins: number, losses: number): number {
  const throws = wins + losses;
  let logTerm = throws * Math.log(0.5);
  let tail = 0;
  for (let i = 0; i <= Math.min(wins, losses); i++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((throws - i) / (i + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Checks that two evaluations have the same samples in the same order. @throws {DataError} when the samples or class names differ. */
export function checkSameData(where: string, before: Evaluation, after: Evaluation): void {
  if (before.count !== after.count) {
    throw new DataError(`${where}: expected evaluations of the same samples, received ${before.count} and ${after.count} of them.`);
  }
  const [first, second] = [before.classNames, after.classNames];
  if (first.length !== second.length)
    throw new DataError(`${where}: expected evaluations of the same classes, received ${first.length} and ${second.length} of them.`);
  const renamed = first.findIndex((name, i) => name !== second[i]);
  if (renamed >= 0) {
    throw new DataError(
      `${where}: expected the same class names in the same order, received '${first[renamed]}' and '${second[renamed]}' ` +
        `for class ${renamed}.`,
    );
  }
  const other = before.predictions.labels.findIndex((label, i) => label !== after.predictions.labels[i]);
  if (other >= 0) {
    throw new DataError(
      `${where}: expected the same samples in the same order, received different labels for sample ${other}. Evaluate without shuffling.`,
    );
  }
  checkSameFiles(where, before.predictions.files, after.predictions.files);
}

function checkSameFiles(where: string, before: readonly string[] | undefined, after: readonly string[] | undefined): void {
  if (before === undefined || after === undefined) return;
  const other = before.findIndex((file, i) => file !== after[i]);
  if (other < 0) return;
  throw new DataError(
    `${where}: expected the same files in the same order, received '${before[other]}' and '${after[other]}' for sample ${other}. ` +
      'Evaluate the same list without shuffling.',
  );
}
