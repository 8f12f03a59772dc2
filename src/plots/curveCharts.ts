// Draws ROC curves, precision-recall curves and reliability diagrams.

import { arrayOf, checkOptions, either, nonNegativeInteger, text } from '../core/internal.js';
import { DataError } from '../core/index.js';
import {
  averagePrecision,
  precisionRecallCurve,
  rocAuc,
  rocCurve,
  type Evaluation,
  type MultiLabelEvaluation,
} from '../evaluation/metrics/index.js';
import { checkAnyEvaluation, checkEvaluation, targetIndex, uniqueNames } from '../evaluation/metrics/internal.js';
import { chart, COLOURS, counted, percent, SERIES, type ChartSpec } from './chart.js';

/** Options of {@link rocChart} and {@link precisionRecallChart}. */
export interface CurveChartOptions {
  /**
   * Names or indices of the classes to draw.
   * @defaultValue the second of two exclusive classes; all of up to ten classes; otherwise the ten with the smallest area
   */
  readonly show?: readonly (string | number)[] | undefined;
}

const rules = { show: arrayOf(either<string, number>(text, nonNegativeInteger)) };

/**
 * Draws the one-vs-rest ROC curves of classes, with the area under each curve.
 *
 * @throws {OptionError} when the value is not an evaluation, an option or class is unknown, or several classes have a name in `show`.
 * @throws {DataError} when no sample or every sample belongs to a class in `show`.
 * @example
 * const svg = await renderSvg(rocChart(evaluation, { show: ['melanoma'] }));
 */
export function rocChart(evaluation: Evaluation | MultiLabelEvaluation, options: CurveChartOptions = {}): ChartSpec {
  const { show } = checkOptions('rocChart', options, rules);
  checkAnyEvaluation('rocChart', evaluation);
  const { perClass, macro } = rocAuc(evaluation);
  const targets = targetsOf('rocChart', show, evaluation, perClass);
  const names = uniqueNames(evaluation.classNames);
  const curves = targets.map((target) => {
    const curve = rocCurve(evaluation, target);
    return {
      name: names[target] ?? String(target),
      area: curve.auc,
      points: thin(curve.falsePositiveRate, curve.truePositiveRate),
    };
  });
  return curveChart({
    title: 'ROC',
    interpolate: 'linear',
    x: 'false positive rate',
    y: 'true positive rate',
    areaName: 'AUC',
    curves,
    mean: macro,
    baseline: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
    classes: evaluation.classNames.length,
  });
}

/**
 * Draws the one-vs-rest precision-recall curves of classes, with the average precision of each.
 *
 * @throws {OptionError} when the value is not an evaluation, an option or class is unknown, or several classes have a name in `show`.
 * @throws {DataError} when no sample belongs to a class in `show`.
 * @example
 * const svg = await renderSvg(precisionRecallChart(evaluation));
 */
export function precisionRecallChart(evaluation: Evaluation | MultiLabelEvaluation, options: CurveChartOptions = {}): ChartSpec {
  const { show } = checkOptions('precisionRecallChart', options, rules);
  checkAnyEvaluation('precisionRecallChart', evaluation);
  const { perClass, macro } = averagePrecision(evaluation);
  const targets = targetsOf('precisionRecallChart', show, evaluation, perClass);
  const names = uniqueNames(evaluation.classNames);
  const curves = targets.map((target) => {
    const curve = precisionRecallCurve(evaluation, target);
    return {
      name: names[target] ?? String(target),
      area: curve.averagePrecision,
      points: thin(curve.recall, curve.precision),
    };
  });
  return curveChart({
    title: 'Precision and recall',
    x: 'recall',
    y: 'precision',
    areaName: 'AP',
    curves,
    mean: macro,
    baseline: [],
    classes: evaluation.classNames.length,
    // Drawn as steps, as in scikit-learn, because the area under the steps is the average precision.
    interpolate: 'step-after',
  });
}

/**
 * Draws the accuracy and the number of predictions by confidence. On the diagonal, the confidence equals the accuracy.
 *
 * @throws {OptionError} when the value is not an evaluation of one class per sample.
 * @example
 * const svg = await renderSvg(reliabilityChart(evaluation));
 * @see On Calibration of Modern Neural Networks, arXiv 1706.04599, figure 1
 */
export function reliabilityChart(evaluation: Evaluation): ChartSpec {
  checkEvaluation('reliabilityChart', evaluation);
  const { bins, ece, mce } = evaluation.calibration;
  const values = bins.filter(({ count }) => count > 0).map((bin) => ({ ...bin, share: bin.count / evaluation.count }));
  const mean = values.reduce((sum, { confidence, share }) => sum + confidence * share, 0);
  const x = { field: 'from', type: 'quantitative', title: null, scale: { domain: [0, 1] }, bin: { binned: true } };
  return chart({
    title: { text: 'Reliability', subtitle: `Expected calibration error ${ece.toFixed(3)}, largest ${mce.toFixed(3)}` },
    description:
      `Reliability of ${counted(evaluation.count, 'prediction', 'predictions')}: ` +
      `mean confidence ${percent(mean)}, accuracy ${percent(evaluation.accuracy)}, expected calibration error ${ece.toFixed(3)}.`,
    vconcat: [
      {
        width: 280,
        height: 280,
        layer: [
          {
            data: { values },
            mark: { type: 'bar', color: COLOURS.first, fillOpacity: 0.75 },
            encoding: {
              x,
              x2: { field: 'to' },
              y: { field: 'accuracy', type: 'quantitative', title: 'accuracy', scale: { domain: [0, 1] } },
            },
          },
          {
            data: { values },
            mark: { type: 'point', color: COLOURS.second, filled: true, size: 40 },
            encoding: { x: { field: 'confidence', type: 'quantitative' }, y: { field: 'accuracy', type: 'quantitative' } },
          },
          {
            data: {
              values: [
                { x: 0, y: 0 },
                { x: 1, y: 1 },
              ],
            },
            mark: { type: 'line', color: COLOURS.quiet, strokeDash: [4, 4] },
            encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
          },
        ],
      },
      {
        width: 280,
        height: 70,
        data: { values },
        mark: { type: 'bar', color: COLOURS.quiet },
        encoding: {
          x: { ...x, title: 'confidence' },
          x2: { field: 'to' },
          y: { field: 'share', type: 'quantitative', title: 'share', axis: { format: '.0%', tickCount: 3 } },
        },
      },
    ],
  });
}

interface Curves {
  readonly title: string;
  readonly interpolate: 'linear' | 'step-after';
  readonly x: string;
  readonly y: string;
  readonly areaName: string;
  readonly mean: number;
  readonly classes: number;
  readonly curves: readonly { readonly name: string; readonly area: number; readonly points: readonly { x: number; y: number }[] }[];
  readonly baseline: readonly { x: number; y: number }[];
}

function curveChart({ title, interpolate, x, y, areaName, curves, mean, classes, baseline }: Curves): ChartSpec {
  const labels = curves.map(({ name, area }) => `${name} (${area.toFixed(3)})`);
  const values = curves.flatMap(({ points }, i) => points.map((point, order) => ({ ...point, order, curve: labels[i] as string })));
  const some = classes > 2 && curves.length < classes;
  const axis = (field: string, name: string): object => ({ field, type: 'quantitative', title: name, scale: { domain: [0, 1] } });
  return chart({
    title: some ? { text: title, subtitle: `${curves.length} of ${classes} classes; mean ${areaName} of all ${mean.toFixed(3)}` } : title,
    description: `${title} of ${counted(curves.length, 'class', 'classes')} against the rest, ${areaName}: ${labels.join(', ')}.`,
    width: 300,
    height: 300,
    layer: [
      {
        data: { values: baseline },
        mark: { type: 'line', color: COLOURS.quiet, strokeDash: [4, 4] },
        encoding: { x: axis('x', x), y: axis('y', y) },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2, clip: true, interpolate },
        encoding: {
          x: axis('x', x),
          y: axis('y', y),
          order: { field: 'order', type: 'quantitative' },
          color: { field: 'curve', type: 'nominal', title: areaName, sort: labels, scale: { domain: labels, range: SERIES } },
        },
      },
    ],
  });
}

/** Returns the columns to draw. Throws if a class in `show` has no curve. */
function targetsOf(
  where: string,
  show: CurveChartOptions['show'],
  evaluation: Evaluation | MultiLabelEvaluation,
  areas: Float64Array,
): number[] {
  const { classNames } = evaluation;
  const columns =
    show?.map((target, i) => targetIndex(where, `show[${i}]`, target, classNames.length, classNames)) ?? lowest(areas, evaluation);
  const undrawable = columns.find((column) => Number.isNaN(areas[column]));
  if (undrawable === undefined) return columns;
  const isEmpty = evaluation.perClass[undrawable]?.support === 0;
  throw new DataError(
    `${where}: expected samples that belong to '${classNames[undrawable]}' and samples that do not, ` +
      `received none that do${isEmpty ? '' : ' not'}.`,
  );
}

/** Returns the default columns: the second of two exclusive classes, otherwise those with the smallest areas. */
function lowest(areas: Float64Array, { multiLabel }: Evaluation | MultiLabelEvaluation): number[] {
  if (areas.length === 2 && !multiLabel) return [1];
  return [...areas.keys()]
    .filter((column) => !Number.isNaN(areas[column]))
    .sort((a, b) => (areas[a] as number) - (areas[b] as number))
    .slice(0, 10)
    .sort((a, b) => a - b);
}

/** Removes points that are too close to the previous one to be visible. */
function thin(xs: Float64Array, ys: Float64Array): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  xs.forEach((x, i) => {
    const y = ys[i] as number;
    const before = points.at(-1);
    const isLast = i === xs.length - 1;
    if (before === undefined || isLast || Math.abs(before.x - x) + Math.abs(before.y - y) >= 1 / 300) points.push({ x, y });
  });
  return points;
}
