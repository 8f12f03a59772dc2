// Accuracy by coverage: what a classifier gets right if it answers only when it is confident. Chooses the confidence below which an answer
// counts as unknown. evaluateUnknown.ts measures scores on images of other things.

import { checkOptions, rate } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { checkEvaluation } from './checkEvaluation.js';
import type { Evaluation } from './evaluation.js';

/** Accuracy by coverage, from the highest threshold to the lowest. All arrays have the same length. */
export interface CoverageCurve {
  /** Minimum confidence at which an answer is accepted. */
  readonly thresholds: Float64Array;
  /** Fraction of all samples whose answer is accepted. */
  readonly coverage: Float64Array;
  /** Fraction of the accepted answers that are correct. */
  readonly accuracy: Float64Array;
}

/** Options of {@link fitUnknownThreshold}. */
export interface FitUnknownThresholdOptions {
  /** Largest fraction of wrong answers among the accepted ones, in [0, 1). @defaultValue 0.05 */
  readonly maxError?: number | undefined;
}

/**
 * Returns the confidence of each prediction: the probability of the predicted class.
 *
 * @returns `[samples]`, in the order of the data.
 * @example
 * evaluateUnknown(confidencesOf(evaluation), confidencesOf(held)).auc;
 */
export function confidencesOf(evaluation: Evaluation): Float32Array {
  checkEvaluation('confidencesOf', evaluation);
  return confidences(evaluation);
}

/**
 * Computes the accuracy of the answers that are accepted at every confidence threshold.
 *
 * @example
 * const { coverage, accuracy } = coverageCurve(evaluation);
 */
export function coverageCurve(evaluation: Evaluation): CoverageCurve {
  checkEvaluation('coverageCurve', evaluation);
  return curveOf(evaluation);
}

/**
 * Returns the lowest confidence at which at most `maxError` of the accepted answers are wrong, so that as many answers as possible are
 * accepted. Pass it to `setUnknownThreshold`, and `classify` reports less confident answers as unknown.
 *
 * Use data that the model was not trained on. Calibrate the model before, because a temperature changes its confidences.
 *
 * @throws {OptionError} when the option is unknown or not in [0, 1).
 * @throws {DataError} when the error exceeds `maxError` at every threshold.
 * @example
 * setUnknownThreshold(model, fitUnknownThreshold(held, { maxError: 0.05 }));
 */
export function fitUnknownThreshold(evaluation: Evaluation, options: FitUnknownThresholdOptions = {}): number {
  checkEvaluation('fitUnknownThreshold', evaluation);
  const { maxError = 0.05 } = checkOptions('fitUnknownThreshold', options, { maxError: rate });
  const { thresholds, coverage, accuracy } = curveOf(evaluation);
  // The number of wrong answers is a whole number, so rounding must not decide.
  const fits = (i: number): boolean => (1 - (accuracy[i] as number) - maxError) * (coverage[i] as number) * evaluation.count < 1e-6;
  for (let i = thresholds.length - 1; i >= 0; i--) if (fits(i)) return thresholds[i] as number;
  throw new DataError(
    `fitUnknownThreshold: expected predictions of which at most ${maxError} are wrong at some threshold, ` +
      `received ${evaluation.count} with accuracy ${evaluation.accuracy.toPrecision(3)}. Allow a larger \`maxError\`, or evaluate on more data.`,
  );
}

function confidences({ predictions, classNames }: Evaluation): Float32Array {
  const { predicted, probabilities } = predictions;
  return Float32Array.from(predicted, (column, sample) => probabilities[sample * classNames.length + column] as number);
}

function curveOf(evaluation: Evaluation): CoverageCurve {
  const confidence = confidences(evaluation);
  const { labels, predicted } = evaluation.predictions;
  const order = Array.from(confidence.keys()).sort((a, b) => (confidence[b] as number) - (confidence[a] as number));
  const points: [threshold: number, coverage: number, accuracy: number][] = [];
  let right = 0;
  order.forEach((sample, i) => {
    right += Number(labels[sample] === predicted[sample]);
    const next = order[i + 1];
    if (next !== undefined && confidence[next] === confidence[sample]) return;
    points.push([confidence[sample] as number, (i + 1) / order.length, right / (i + 1)]);
  });
  const [thresholds, coverage, accuracy] = ([0, 1, 2] as const).map((column) => Float64Array.from(points, (point) => point[column]));
  return { thresholds, coverage, accuracy } as CoverageCurve;
}
