// How training went: the metrics by epoch.

import { arrayOf, check, checkOptions, DataError, largest, rule, text } from '../core/index.js';
import type { EpochMetrics } from '../training/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';
import { thinLine, type LinePoint } from './thinLine.js';

/**
 * Metrics by epoch: the records that `trainHead` and `fineTune` return, or the values of each metric, as `model.fit` returns them in `history`
 * (`{ loss, val_loss, acc, val_acc }`).
 */
export type MetricHistory = Readonly<Record<string, readonly number[]>> | readonly Partial<EpochMetrics>[];

/** One phase of training, for example before or after unfreezing. */
export interface TrainingPhase {
  readonly name: string;
  readonly history: MetricHistory;
}

/** Which metrics are drawn. */
export interface TrainingChartOptions {
  /** By the names they have for training data. @defaultValue all */
  readonly metrics?: readonly string[] | undefined;
}

const histories = rule<MetricHistory | readonly TrainingPhase[]>('a history of metrics or an array of named phases', (value) => typeof value === 'object' && value !== null);

/** More parts than a panel has pixels across. */
const BUCKETS = 640;
/** Up to so many epochs each value is marked by a point. */
const MARKED = 40;

/** The values of one metric on one data set. */
interface Series {
  readonly metric: string;
  readonly data: 'training' | 'validation';
  /** Those that were measured, by epoch; `null` where the value is not finite. */
  readonly points: LinePoint[];
}

/**
 * Draws every metric by epoch, training beside validation; several phases follow one another with their boundary marked.
 *
 * Epochs whose value is NaN, infinite or null are gaps, and the panel counts them. An epoch in which a metric was not measured is passed over.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @throws {DataError} when there is no epoch, no metric of that name, or not one finite value.
 * @example
 * const spec = trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history: await fineTune(model, { train, validation, stages: [{ unfreeze: 'all', epochs: 5 }] }) }]);
 */
export function trainingChart(history: MetricHistory | readonly TrainingPhase[], options: TrainingChartOptions = {}): ChartSpec {
  check('trainingChart', 'history', history, histories);
  const { metrics } = checkOptions('trainingChart', options, { metrics: arrayOf(text) });
  const phases = phasesOf(history);
  const { all, boundaries, epochs } = seriesOf(phases, metrics);
  const wanted = metrics === undefined ? '' : ` of ${metrics.join(', ')}`;
  if (all.length === 0) throw new DataError(`trainingChart: expected a history with at least one epoch${wanted}, received none.`);
  if (!all.some(isDrawable)) {
    throw new DataError(`trainingChart: expected a history with at least one finite value${wanted}, received ${counted(epochs, 'epoch', 'epochs')} whose values are not finite.`);
  }
  const order = [...new Set(all.map(({ metric }) => metric))];
  return chart({
    title: 'Training',
    description: `Metrics over ${counted(epochs, 'epoch', 'epochs')}: ${order.map((metric) => outcome(all.filter((one) => one.metric === metric))).join(', ')}.`,
    hconcat: order.map((metric) => panel(metric, all.filter((one) => one.metric === metric), epochs, phases.length > 1 ? boundaryLayers(boundaries) : [])),
    resolve: { scale: { y: 'independent' } },
  });
}

/** Whether a history has epochs, but not one finite value, so that there is nothing to draw. */
export function hasOnlyGaps(history: MetricHistory | readonly TrainingPhase[]): boolean {
  const { all } = seriesOf(phasesOf(history), undefined);
  return all.length > 0 && !all.some(isDrawable);
}

function seriesOf(phases: readonly TrainingPhase[], metrics: readonly string[] | undefined): { all: Series[]; boundaries: { at: number; phase: string }[]; epochs: number } {
  const all = new Map<string, Series>();
  const boundaries: { at: number; phase: string }[] = [];
  let epochs = 0;
  for (const { name, history } of phases) {
    const byMetric = byName(history);
    boundaries.push({ at: epochs + 0.5, phase: name });
    for (const [key, values] of Object.entries(byMetric)) {
      const { metric, data } = nameOf(key);
      if (values.length === 0 || (metrics !== undefined && !metrics.includes(metric))) continue;
      const series = all.get(`${data} ${metric}`) ?? { metric, data, points: [] };
      all.set(`${data} ${metric}`, series);
      values.forEach((value, i) => {
        series.points.push({ x: epochs + i + 1, y: Number.isFinite(value) ? value : null });
      });
    }
    epochs += largest(Object.values(byMetric).map((values) => values.length), 0);
  }
  return { all: [...all.values()], boundaries, epochs };
}

const isDrawable = ({ points }: Series): boolean => points.some(({ y }) => y !== null);

/** How a metric ends, in words; validation, where there is any. */
function outcome(series: readonly Series[]): string {
  const { metric, data, points } = (series.find((one) => one.data === 'validation') ?? series[0]) as Series;
  const last = points.at(-1)?.y ?? null;
  return `${data} ${metric} ends ${last === null ? 'without a finite value' : `at ${Number(last.toPrecision(4))}`}`;
}

function panel(metric: string, series: readonly Series[], epochs: number, boundaries: readonly object[]): object {
  const rows = (pick: (points: readonly LinePoint[]) => readonly LinePoint[]): object[] =>
    series.flatMap(({ data, points }) => pick(points).map(({ x, y }) => ({ epoch: x, metric, data, value: y })));
  const missing = series.map(({ data, points }) => ({ data, count: points.filter(({ y }) => y === null).length })).filter(({ count }) => count > 0);
  const title = { text: metric, fontSize: 12 };
  const encoding = {
    x: { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1, format: 'd' }, scale: { domain: [0.5, epochs + 0.5], nice: false } },
    y: { field: 'value', type: 'quantitative', title: null, axis: { format: '~g' }, scale: { zero: false } },
    color: {
      field: 'data', type: 'nominal', title: null, legend: { orient: 'bottom' },
      scale: { domain: ['training', 'validation'], range: [COLOURS.first, COLOURS.second] },
    },
  };
  return {
    title: missing.length === 0
      ? title
      : { ...title, subtitle: missing.map(({ data, count }) => `${data} not finite in ${count} of ${counted(epochs, 'epoch', 'epochs')}`), subtitleFontSize: 11 },
    width: 320,
    height: 220,
    layer: [
      {
        data: { values: rows((points) => thinLine(points, [1, epochs], BUCKETS)) },
        mark: { type: 'line', strokeWidth: 2, invalid: 'break-paths-show-path-domains' },
        encoding,
      },
      {
        // A value between two gaps would be a line without length.
        data: { values: rows((points) => points.filter(({ y }, i) => y !== null && (epochs <= MARKED || ((points[i - 1]?.y ?? null) === null && (points[i + 1]?.y ?? null) === null)))) },
        mark: { type: 'point', filled: true, size: 30, opacity: 1 },
        encoding,
      },
      ...boundaries,
    ],
  };
}

/** A history as phases, the only one named `training`. */
export function phasesOf(history: MetricHistory | readonly TrainingPhase[]): readonly TrainingPhase[] {
  const isPhases = Array.isArray(history) && history.every((one) => typeof one === 'object' && one !== null && 'history' in one);
  return isPhases ? (history as readonly TrainingPhase[]) : [{ name: 'training', history: history as MetricHistory }];
}

/** The series of each metric, whichever way they were given. */
function byName(history: MetricHistory): Readonly<Record<string, readonly number[]>> {
  if (!Array.isArray(history)) return history as Readonly<Record<string, readonly number[]>>;
  const series: Record<string, number[]> = {};
  (history as readonly Partial<EpochMetrics>[]).forEach(({ epoch: _epoch, stage: _stage, ...metrics }, i) => {
    for (const [name, value] of Object.entries(metrics as Readonly<Record<string, unknown>>)) {
      // JSON has null for what is not finite.
      if (typeof value === 'number' || value === null) (series[name] ??= [])[i] = value ?? NaN;
    }
  });
  return series;
}

/** `val_loss` is the validation data's `loss`; `acc` is TensorFlow.js' word for `accuracy`. */
function nameOf(key: string): { metric: string; data: 'training' | 'validation' } {
  const name = key.replace(/^val_/, '');
  return { metric: name === 'acc' ? 'accuracy' : name, data: name === key ? 'training' : 'validation' };
}

function boundaryLayers(boundaries: readonly { at: number; phase: string }[]): object[] {
  return [
    {
      data: { values: boundaries.slice(1) },
      mark: { type: 'rule', strokeDash: [4, 4], opacity: 0.7 },
      encoding: { x: { field: 'at', type: 'quantitative' } },
    },
    {
      data: { values: boundaries },
      mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 3, dy: -2, fontSize: 10 },
      encoding: { x: { field: 'at', type: 'quantitative' }, y: { value: 0 }, text: { field: 'phase' } },
    },
  ];
}
