// Charts that compare classes: their scores and their number of samples.

import { arrayOf, check, checkOptions, nonNegativeInteger, oneOf, positiveInteger, text } from '../core/internal.js';
import { DataError } from '../core/index.js';
import { checkAnyEvaluation, uniqueNames } from '../evaluation/metrics/internal.js';
import type { Evaluation, MultiLabelEvaluation } from '../evaluation/metrics/index.js';
import { chart, COLOURS, counted, percent, type ChartSpec } from './chart.js';

/** Options of {@link classScoreChart}. */
export interface ClassScoreChartOptions {
  /** Score to draw. @defaultValue 'f1' */
  readonly score?: 'precision' | 'recall' | 'f1' | undefined;
  /** Maximum number of classes. If there are more, the ones with the lowest scores are drawn. @defaultValue 40 */
  readonly maxClasses?: number | undefined;
}

/**
 * Draws a score of each class that occurs or was predicted, highest first, with the macro average.
 *
 * @throws {OptionError} when the value is not an evaluation, or an option is unknown or has a wrong value.
 * @example
 * const svg = await renderSvg(classScoreChart(evaluation, { score: 'recall' }));
 */
export function classScoreChart(evaluation: Evaluation | MultiLabelEvaluation, options: ClassScoreChartOptions = {}): ChartSpec {
  const rules = { score: oneOf('precision', 'recall', 'f1'), maxClasses: positiveInteger };
  const { score = 'f1', maxClasses = 40 } = checkOptions('classScoreChart', options, rules);
  checkAnyEvaluation('classScoreChart', evaluation);
  const names = uniqueNames(evaluation.classNames);
  const sorted = evaluation.perClass
    .map((one, i) => ({ name: names[i] as string, value: one[score], support: one.support, predicted: one.predicted }))
    .filter(({ support, predicted }) => support > 0 || predicted > 0)
    .sort((a, b) => b.value - a.value || b.support - a.support);
  const values = sorted.slice(-maxClasses);
  const word = score === 'f1' ? 'F1' : score;
  const lowest = values.at(-1);
  const average = evaluation.macro[score];
  const left = sorted.length - values.length;
  return chart({
    title: {
      text: `${word.charAt(0).toUpperCase()}${word.slice(1)} by class`,
      subtitle:
        `${left > 0 ? `The lowest ${values.length} of ${counted(sorted.length, 'class', 'classes')}. ` : ''}The line is the ` +
        `mean, ${average.toFixed(3)}`,
    },
    description:
      `${word} of ${counted(values.length, 'class', 'classes')}, mean ${average.toFixed(3)}; ` +
      `highest ${values[0]?.name} with ${values[0]?.value.toFixed(3)}, lowest ${lowest?.name} with ${lowest?.value.toFixed(3)}.`,
    width: 420,
    height: { step: 18 },
    layer: [
      {
        data: { values },
        mark: { type: 'bar', color: COLOURS.first, height: { band: 0.75 } },
        encoding: {
          y: { field: 'name', type: 'nominal', sort: values.map(({ name }) => name), title: null },
          x: { field: 'value', type: 'quantitative', title: word, scale: { domain: [0, 1] } },
          tooltip: [{ field: 'name' }, { field: 'value', format: '.3f' }, { field: 'support' }],
        },
      },
      {
        data: { values: [{ average }] },
        mark: { type: 'rule', strokeDash: [4, 4] },
        encoding: { x: { field: 'average', type: 'quantitative' } },
      },
    ],
  });
}

/**
 * Draws the number of samples per class. Up to 60 classes get one bar each; more are drawn as counts by rank.
 *
 * @param classNames - Names of the classes, `[classes]`.
 * @param counts - Number of samples per class, `[classes]`.
 * @throws {OptionError} when a count is not an integer of at least 0.
 * @throws {DataError} when there are no classes, or the number of counts and names differs.
 * @example
 * const spec = classBalanceChart(['cat', 'dog'], [120, 80]);
 */
export function classBalanceChart(classNames: readonly string[], counts: readonly number[]): ChartSpec {
  check('classBalanceChart', 'classNames', classNames, arrayOf(text));
  check('classBalanceChart', 'counts', counts, arrayOf(nonNegativeInteger));
  if (classNames.length === 0 || classNames.length !== counts.length) {
    throw new DataError(
      `classBalanceChart: expected a count for each class name, received ${counts.length} counts for ${classNames.length} names.`,
    );
  }
  const names = uniqueNames(classNames);
  const values = counts.map((count, i) => ({ name: names[i] as string, count })).sort((a, b) => b.count - a.count);
  const ranked = values.map((one, i) => ({ ...one, rank: i + 1 }));
  const total = counts.reduce((a, b) => a + b, 0);
  const most = ranked[0] as (typeof ranked)[number];
  const fewest = ranked.at(-1) as (typeof ranked)[number];
  const common = {
    title: 'Samples by class',
    description:
      `${counted(total, 'sample', 'samples')} in ${counted(names.length, 'class', 'classes')}: ` +
      `most ${most.name} with ${most.count} (${percent(most.count / Math.max(1, total))}), fewest ${fewest.name} with ${fewest.count}.`,
    data: { values: ranked },
    width: 420,
  };
  if (names.length <= 60) {
    return chart({
      ...common,
      height: { step: 18 },
      mark: { type: 'bar', color: COLOURS.first, height: { band: 0.75 } },
      encoding: {
        y: { field: 'name', type: 'nominal', sort: ranked.map(({ name }) => name), title: null },
        x: { field: 'count', type: 'quantitative', title: 'samples' },
      },
    });
  }
  return chart({
    ...common,
    height: 200,
    mark: { type: 'area', color: COLOURS.first, interpolate: 'step-after' },
    encoding: {
      x: { field: 'rank', type: 'quantitative', title: 'classes, largest first', scale: { domain: [1, names.length], nice: false } },
      y: { field: 'count', type: 'quantitative', title: 'samples' },
    },
  });
}
