// Draws a confusion matrix.

import { boolean, checkOptions, largest, positiveInteger } from '../core/internal.js';
import { checkEvaluation, mostMistaken, uniqueNames } from '../evaluation/metrics/internal.js';
import type { Evaluation } from '../evaluation/metrics/index.js';
import { chart, COLOURS, counted, percent, type ChartSpec } from './chart.js';

/** Options of {@link confusionChart}. */
export interface ConfusionChartOptions {
  /** Whether colors show the fraction of the true class's samples instead of the count. @defaultValue true */
  readonly normalize?: boolean | undefined;
  /** Maximum number of classes. If there are more, the ones with the most mistakes are drawn. @defaultValue 40 */
  readonly maxClasses?: number | undefined;
}

/** Maximum number of classes for which empty cells are drawn as a grid. */
const GRID = 40;

/**
 * Draws the confusion matrix of an evaluation. Rows are true classes, columns are predicted classes, and correct predictions are on the
 * diagonal. Equal class names are shown with the index of their class.
 *
 * @throws {OptionError} when the value is not an evaluation of one class per sample, or an option is unknown or has a wrong value.
 * @example
 * const svg = await renderSvg(confusionChart(evaluation));
 */
export function confusionChart(evaluation: Evaluation, options: ConfusionChartOptions = {}): ChartSpec {
  const rules = { normalize: boolean, maxClasses: positiveInteger };
  const { normalize = true, maxClasses = 40 } = checkOptions('confusionChart', options, rules);
  checkEvaluation('confusionChart', evaluation);
  const shown = mostMistaken(evaluation, maxClasses);
  const names = uniqueNames(evaluation.classNames);
  const most = largest(
    shown.flatMap((truth) => shown.map((guess) => evaluation.confusionMatrix[truth]?.[guess] ?? 0)),
    1,
  );
  // With many classes, only nonempty cells are drawn, because there may be hundreds of thousands of empty ones.
  const drawn = (truth: number): number[] =>
    shown.filter((guess) => shown.length <= GRID || (evaluation.confusionMatrix[truth]?.[guess] ?? 0) > 0);
  const cells = shown.flatMap((truth) => {
    const support = evaluation.perClass[truth]?.support ?? 0;
    return drawn(truth).map((guess) => {
      const count = evaluation.confusionMatrix[truth]?.[guess] ?? 0;
      const strength = normalize ? (support === 0 ? 0 : count / support) : count / most;
      return {
        truth: names[truth],
        predicted: names[guess],
        count,
        strength,
        label: count === 0 ? '' : String(count),
        hit: truth === guess,
      };
    });
  });
  const all = shown.length === evaluation.classNames.length;
  const step = shown.length <= 12 ? 34 : shown.length <= 25 ? 24 : 16;
  const domain = shown.map((index) => names[index]);
  const axis = { domain: false, ticks: false, labelLimit: 220 };
  const encoding = {
    x: { field: 'predicted', type: 'nominal', scale: { domain }, title: 'predicted', axis: { ...axis, labelAngle: -45, orient: 'bottom' } },
    y: { field: 'truth', type: 'nominal', scale: { domain }, title: 'true', axis },
  };
  const subset = `The ${shown.length} of ${counted(evaluation.classNames.length, 'class', 'classes')} with the most mistakes`;
  return chart({
    title: all ? 'Confusion matrix' : { text: 'Confusion matrix', subtitle: subset },
    description:
      `Confusion matrix of ${counted(shown.length, 'class', 'classes')}${all ? '' : ` (${subset.toLowerCase()})`}; ` +
      `${percent(evaluation.accuracy)} of ${counted(evaluation.count, 'sample', 'samples')} are predicted correctly.`,
    width: { step },
    height: { step },
    data: { values: cells },
    layer: [
      {
        mark: { type: 'rect', strokeWidth: 0.5, stroke: COLOURS.quiet, strokeOpacity: 0.35 },
        encoding: {
          ...encoding,
          color: { field: 'hit', type: 'nominal', legend: null, scale: { domain: [true, false], range: [COLOURS.first, COLOURS.wrong] } },
          fillOpacity: { field: 'strength', type: 'quantitative', legend: null, scale: { domain: [0, 1], range: [0, 1], type: 'sqrt' } },
          tooltip: [{ field: 'truth' }, { field: 'predicted' }, { field: 'count' }],
        },
      },
      ...(step < 24
        ? []
        : [
            {
              mark: { type: 'text', fontSize: step >= 34 ? 11 : 9 },
              encoding: {
                ...encoding,
                text: { field: 'label', type: 'nominal' },
                // Both text colors stay readable on a half-transparent fill.
                color: { condition: { test: 'datum.strength > 0.2', value: '#ffffff' } },
              },
            },
          ]),
    ],
  });
}
