// Measures how well a score separates what a model knows from what it does not know. coverageCurve.ts chooses the threshold.

import { check, rule } from '../../core/internal.js';
import { areasOf } from './oneVersusRest.js';

/** How well a score separates known from unknown images. */
export interface UnknownEvaluation {
  /** Area under the ROC curve: the probability that a known image has a higher score than an unknown one. */
  readonly auc: number;
  /** Fraction of unknown images that are accepted at the threshold that accepts 95 % of the known images (FPR at 95 % TPR). */
  readonly falsePositiveRate95: number;
  /** That threshold: images with this score or a higher one are accepted. */
  readonly threshold95: number;
}

const scores = rule<ArrayLike<number>>(
  'at least one finite number of float32',
  (value) =>
    (Array.isArray(value) || ArrayBuffer.isView(value)) &&
    (value as unknown as ArrayLike<unknown>).length > 0 &&
    Array.from(value as unknown as ArrayLike<unknown>).every((score) => Number.isFinite(Math.fround(score as number))),
);

/**
 * Measures how well a score separates images of known classes from images of none of them.
 *
 * @param known - Scores of images of known classes.
 * @param unknown - Scores of images of other things.
 * @throws {OptionError} when the scores are not finite numbers, or there are none.
 * @example
 * evaluateUnknown([0.9, 0.8, 0.4], [0.5, 0.2]).auc; // 0.8333
 * @see A Baseline for Detecting Misclassified and Out-of-Distribution Examples, arXiv 1610.02136
 */
export function evaluateUnknown(known: ArrayLike<number>, unknown: ArrayLike<number>): UnknownEvaluation {
  check('evaluateUnknown', 'known', known, scores);
  check('evaluateUnknown', 'unknown', unknown, scores);
  const all = Float32Array.from([...Array.from(known), ...Array.from(unknown)]);
  const positive = Uint8Array.from(all, (_, i) => Number(i < known.length));
  const falling = all.slice(0, known.length).sort().reverse();
  const threshold95 = falling[Math.ceil(0.95 * known.length - 1e-9) - 1] as number;
  const accepted = all.subarray(known.length).filter((score) => score >= threshold95).length;
  return { auc: areasOf(all, positive).auc, falsePositiveRate95: accepted / unknown.length, threshold95 };
}
