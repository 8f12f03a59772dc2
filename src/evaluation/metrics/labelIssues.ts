// Finds samples whose label is probably wrong, by confident learning.

import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';

/** A sample whose label is probably wrong. */
export interface LabelIssue {
  /** Index of the sample in the data, starting at 0. */
  readonly index: number;
  /** Source of the sample; an empty string if unknown. */
  readonly file: string;
  /** Name of the class that the label states. */
  readonly label: string;
  readonly labelIndex: number;
  /** Name of the class that the sample probably has. */
  readonly suggested: string;
  readonly suggestedIndex: number;
  /** Probability of the stated class, in [0, 1]. The lower, the more probable is a wrong label. */
  readonly quality: number;
}

/**
 * Returns the samples whose labels are probably wrong, the most suspicious first.
 *
 * A sample is suspicious if another class is at least as probable as it is on average for samples with that label. The predictions must
 * come from models that were not trained on the samples: pass the evaluation that `crossValidate` returns.
 *
 * @throws {OptionError} when the argument is not an evaluation of one class per sample.
 * @example
 * const { evaluation } = await crossValidate(files, {
 *   trainFold: async ({ train }) => {
 *     const images = imageBatches(imageFiles(train, { inputSize: 224 }));
 *     return (await trainHead(await pretrained('b0'), { classNames, train: images })).model;
 *   },
 *   data: (validation) => imageFiles(validation, { inputSize: 224 }),
 * });
 * for (const { file, label, suggested } of labelIssues(evaluation)) console.log(`${file}: ${label}, or ${suggested}?`);
 * @see Confident Learning, arXiv 1911.00068; `find_label_issues(filter_by='confident_learning')` of cleanlab, which finds the same samples
 */
export function labelIssues(evaluation: Evaluation): LabelIssue[] {
  checkEvaluation('labelIssues', evaluation);
  const {
    classNames,
    predictions: { labels, probabilities, files },
  } = evaluation;
  const thresholds = confidentThresholds(evaluation);
  const issues = Array.from(labels, (labelIndex, index): LabelIssue | undefined => {
    const row = probabilities.subarray(index * classNames.length, (index + 1) * classNames.length);
    const suggestedIndex = confidentClass(row, thresholds);
    const quality = row[labelIndex] as number;
    const isBest = row.every((value, c) => c === labelIndex || value <= quality + TOLERANCE);
    if (suggestedIndex === undefined || suggestedIndex === labelIndex || isBest) return undefined;
    return {
      index,
      file: files?.[index] ?? '',
      label: classNames[labelIndex] as string,
      labelIndex,
      suggested: classNames[suggestedIndex] as string,
      suggestedIndex,
      quality: Number(quality.toPrecision(7)),
    };
  });
  return issues.filter((issue) => issue !== undefined).sort((a, b) => a.quality - b.quality || a.index - b.index);
}

/** Differences of rounding do not count. */
const TOLERANCE = 1e-6;

/** Returns the mean probability of every class over the samples with that label. A class without samples has none. */
function confidentThresholds({ classNames, predictions: { labels, probabilities } }: Evaluation): number[] {
  const sums = classNames.map(() => 0);
  const counts = classNames.map(() => 0);
  labels.forEach((label, index) => {
    sums[label] = (sums[label] as number) + (probabilities[index * classNames.length + label] as number);
    counts[label] = (counts[label] as number) + 1;
  });
  return sums.map((sum, c) => (counts[c] === 0 ? Infinity : Math.max(2 * TOLERANCE, sum / (counts[c] as number))));
}

/** Returns the class whose threshold is reached: of several, the most probable class. */
function confidentClass(row: Float32Array, thresholds: readonly number[]): number | undefined {
  const confident = thresholds.flatMap((threshold, c) => ((row[c] as number) >= threshold - TOLERANCE ? [c] : []));
  return confident.length > 1 ? row.indexOf(row.reduce((a, b) => Math.max(a, b))) : confident[0];
}
