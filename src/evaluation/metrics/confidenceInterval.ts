// Computes confidence intervals of metrics with the percentile bootstrap.

import { check, checkOptions, createRandom, fraction, oneOf, positiveInteger, seed as seedRule } from '../../core/internal.js';
import { checkEvaluation } from './checkEvaluation.js';
import {
  accuracyOf,
  balancedAccuracyOf,
  countClasses,
  kappaOf,
  macroAverage,
  matthewsOf,
  scoreClasses,
  type ClassCounts,
} from './classScores.js';
import type { Evaluation } from './evaluation.js';

/** A metric that {@link confidenceInterval} supports. */
export type IntervalMetric = 'accuracy' | 'balancedAccuracy' | 'macroF1' | 'kappa' | 'matthews';

/** Options of {@link confidenceInterval}. */
export interface ConfidenceIntervalOptions {
  /** Confidence level, in (0, 1). @defaultValue 0.95 */
  readonly level?: number | undefined;
  /** Number of times the samples are redrawn with replacement. @defaultValue 1000 */
  readonly resamples?: number | undefined;
  /** Seed of the random numbers. The same seed gives the same interval. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/** The value of a metric and its confidence interval. */
export interface ConfidenceInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Computes a bootstrap percentile interval of a metric.
 *
 * @throws {OptionError} when the metric or an option is unknown or has a wrong value.
 * @example
 * const { value, low, high } = confidenceInterval(evaluation, 'accuracy');
 * console.log(`${value} (95 % between ${low} and ${high})`);
 */
export function confidenceInterval(
  evaluation: Evaluation,
  metric: IntervalMetric,
  options: ConfidenceIntervalOptions = {},
): ConfidenceInterval {
  const where = 'confidenceInterval';
  checkEvaluation(where, evaluation);
  check(where, 'metric', metric, oneOf('accuracy', 'balancedAccuracy', 'macroF1', 'kappa', 'matthews'));
  const rules = { level: fraction, resamples: positiveInteger, seed: seedRule };
  const { level = 0.95, resamples = 1000, seed = 0 } = checkOptions(where, options, rules);
  const { labels, predicted } = evaluation.predictions;
  const classes = evaluation.classNames.length;
  const random = createRandom(seed);
  const rows = new Int32Array(evaluation.count);
  const measure = (counts: ClassCounts): number => METRICS[metric](counts, evaluation.classNames);
  const drawn = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < rows.length; j++) rows[j] = random.integer(rows.length);
    drawn[i] = measure(countClasses(labels, predicted, classes, rows));
  }
  drawn.sort();
  return {
    value: measure(countClasses(labels, predicted, classes)),
    low: quantile(drawn, (1 - level) / 2),
    high: quantile(drawn, (1 + level) / 2),
  };
}

const METRICS: Readonly<Record<IntervalMetric, (counts: ClassCounts, classNames: readonly string[]) => number>> = {
  accuracy: accuracyOf,
  balancedAccuracy: balancedAccuracyOf,
  kappa: kappaOf,
  matthews: matthewsOf,
  macroF1: (counts, classNames) => macroAverage(scoreClasses(counts, classNames).filter((one) => one.support > 0 || one.predicted > 0)).f1,
};

/** Interpolates linearly between neighbors, as NumPy's percentile does. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
