// How far a figure would move, had other samples been drawn: the bootstrap's percentile interval.

import { check, checkOptions, createRandom, oneOf, positiveInteger, rule, seed as seedRule } from '../../core/internal.js';
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

/** A figure an interval can be had for. */
export type IntervalMetric = 'accuracy' | 'balancedAccuracy' | 'macroF1' | 'kappa' | 'matthews';

/** How the bootstrap is done. */
export interface ConfidenceIntervalOptions {
  /** The share of resamples the interval holds, in (0, 1). @defaultValue 0.95 */
  readonly level?: number | undefined;
  /** How often the samples are drawn anew, with replacement. @defaultValue 1000 */
  readonly resamples?: number | undefined;
  /** The same seed gives the same interval. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/** A figure and the interval around it. */
export interface ConfidenceInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The bootstrap percentile interval of a figure.
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
  const rules = { level: inside, resamples: positiveInteger, seed: seedRule };
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

const inside = rule<number>('a number between 0 and 1', (value) => typeof value === 'number' && value > 0 && value < 1);

const METRICS: Readonly<Record<IntervalMetric, (counts: ClassCounts, classNames: readonly string[]) => number>> = {
  accuracy: accuracyOf,
  balancedAccuracy: balancedAccuracyOf,
  kappa: kappaOf,
  matthews: matthewsOf,
  macroF1: (counts, classNames) => macroAverage(scoreClasses(counts, classNames).filter((one) => one.support > 0 || one.predicted > 0)).f1,
};

/** Between the neighbors, linearly, as NumPy's percentile. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}
