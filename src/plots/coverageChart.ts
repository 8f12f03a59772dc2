// Draws accuracy by coverage: what a classifier gets right if it answers only when it is confident.

import { checkOptions, probability } from '../core/internal.js';
import { coverageCurve, type Evaluation } from '../evaluation/metrics/index.js';
import { checkEvaluation } from '../evaluation/metrics/internal.js';
import { chart, COLOURS, counted, percent, type ChartSpec } from './chart.js';

/** Options of {@link coverageChart}. */
export interface CoverageChartOptions {
  /** The probability below which an answer counts as unknown, in [0, 1]. It is marked on the curve. @defaultValue none */
  readonly unknownThreshold?: number | undefined;
}

/** Maximum number of points of the line. */
const POINTS = 300;

/**
 * Draws the accuracy of the accepted answers by the fraction of images that get an answer, from the most confident answers to all.
 *
 * @throws {OptionError} when the value is not an evaluation of one class per sample, or an option is unknown or has a wrong value.
 * @example
 * const svg = await renderSvg(coverageChart(evaluation, { unknownThreshold: fitUnknownThreshold(evaluation) }));
 * @see Selective Classification for Deep Neural Networks, arXiv 1705.08500
 */
export function coverageChart(evaluation: Evaluation, options: CoverageChartOptions = {}): ChartSpec {
  const { unknownThreshold } = checkOptions('coverageChart', options, { unknownThreshold: probability });
  checkEvaluation('coverageChart', evaluation);
  const { thresholds, coverage, accuracy } = coverageCurve(evaluation);
  const step = Math.max(1, Math.ceil(coverage.length / POINTS));
  const values = Array.from(coverage, (share, i) => ({
    coverage: share,
    accuracy: accuracy[i] as number,
    threshold: thresholds[i] as number,
  }));
  const drawn = values.filter((_, i) => i % step === 0 || i === values.length - 1);
  const accepted = unknownThreshold === undefined ? undefined : values.findLast(({ threshold }) => threshold >= unknownThreshold);
  const marked = accepted === undefined ? [] : [{ ...accepted, threshold: unknownThreshold as number }];
  const atThreshold =
    unknownThreshold === undefined
      ? ''
      : accepted === undefined
        ? `No answer reaches the threshold ${unknownThreshold.toFixed(3)}`
        : `At the threshold ${unknownThreshold.toFixed(3)}, ${percent(accepted.coverage)} are answered, ${percent(accepted.accuracy)} of them correctly`;
  const x = { field: 'coverage', type: 'quantitative', title: 'fraction of images that get an answer', scale: { domain: [0, 1] } };
  const y = { field: 'accuracy', type: 'quantitative', title: 'accuracy of the answers', scale: { domainMax: 1, zero: false } };
  return chart({
    title: {
      text: 'Accuracy by coverage',
      subtitle: atThreshold === '' ? `Without a threshold, the accuracy is ${percent(evaluation.accuracy)}` : atThreshold,
    },
    description:
      `Accuracy by coverage of ${counted(evaluation.count, 'prediction', 'predictions')}: ` +
      `${percent(evaluation.accuracy)} if all are answered.${atThreshold === '' ? '' : ` ${atThreshold}.`}`,
    width: 380,
    height: 260,
    layer: [
      { data: { values: drawn }, mark: { type: 'line', color: COLOURS.first, strokeWidth: 2 }, encoding: { x, y } },
      ...(marked.length === 0
        ? []
        : [
            { data: { values: marked }, mark: { type: 'rule', color: COLOURS.second, strokeDash: [4, 4] }, encoding: { x } },
            { data: { values: marked }, mark: { type: 'point', color: COLOURS.second, filled: true, size: 60 }, encoding: { x, y } },
          ]),
    ],
  });
}
