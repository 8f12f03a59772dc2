// Draws training metrics by epoch.

import { arrayOf, check, checkOptions, text, type Given } from '../core/internal.js';
import { DataError } from '../core/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';
import { isDrawable, metricHistory, phasesOf, seriesOf, type MetricHistory, type Series, type TrainingPhase } from './metricHistory.js';
import { thinLine, type LinePoint } from './thinLine.js';

/** Options of {@link trainingChart}. */
export interface TrainingChartOptions {
  /** Names of the metrics to draw, without `val_`. @defaultValue all */
  readonly metrics?: readonly string[] | undefined;
}

/** Number of intervals, larger than the width of a panel in pixels. */
const BUCKETS = 640;
/** Maximum number of epochs for which every value is marked with a point. */
const MARKED = 40;

/**
 * Draws every metric by epoch, for training and validation data. Several phases are drawn one after another, with a mark where each begins.
 *
 * Epochs whose value is NaN, infinite or null are gaps, and the panel shows their number. Epochs in which a metric was not measured are
 * skipped.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @throws {DataError} when there is no epoch, no metric with a given name, or no finite value.
 * @example
 * const spec = trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history: fineTuned }]);
 */
export function trainingChart(history: MetricHistory | readonly TrainingPhase[], options: TrainingChartOptions = {}): ChartSpec {
  check('trainingChart', 'history', history, metricHistory);
  return drawTraining('trainingChart', history, checkOptions('trainingChart', options, { metrics: arrayOf(text) }));
}

/** Draws a history that was already checked, for the function that the user called. */
export function drawTraining(
  where: string,
  history: MetricHistory | readonly TrainingPhase[],
  { metrics }: Given<TrainingChartOptions> = {},
): ChartSpec {
  const phases = phasesOf(history);
  const { all, boundaries, epochs } = seriesOf(phases, metrics);
  const selected = metrics === undefined ? '' : ` of ${metrics.join(', ')}`;
  if (all.length === 0) throw new DataError(`${where}: expected a history with at least one epoch${selected}, received none.`);
  if (!all.some(isDrawable)) {
    throw new DataError(
      `${where}: expected a history with at least one finite value${selected}, ` +
        `received ${counted(epochs, 'epoch', 'epochs')} whose values are not finite.`,
    );
  }
  const order = [...new Set(all.map(({ metric }) => metric))];
  return chart({
    title: 'Training',
    description:
      `Metrics over ${counted(epochs, 'epoch', 'epochs')}: ` +
      `${order.map((metric) => outcome(all.filter((one) => one.metric === metric))).join(', ')}.`,
    hconcat: order.map((metric) =>
      panel(
        metric,
        all.filter((one) => one.metric === metric),
        epochs,
        phases.length > 1 ? boundaryLayers(boundaries) : [],
      ),
    ),
    resolve: { scale: { y: 'independent' } },
  });
}

/** Describes the final value of a metric, on validation data if there is any. */
function outcome(series: readonly Series[]): string {
  const { metric, data, points } = (series.find((one) => one.data === 'validation') ?? series[0]) as Series;
  const last = points.at(-1)?.y ?? null;
  return `${data} ${metric} ends ${last === null ? 'without a finite value' : `at ${Number(last.toPrecision(4))}`}`;
}

function panel(metric: string, series: readonly Series[], epochs: number, boundaries: readonly object[]): object {
  const rows = (pick: (points: readonly LinePoint[]) => readonly LinePoint[]): object[] =>
    series.flatMap(({ data, points }) => pick(points).map(({ x, y }) => ({ epoch: x, metric, data, value: y })));
  const missing = series
    .map(({ data, points }) => ({ data, count: points.filter(({ y }) => y === null).length }))
    .filter(({ count }) => count > 0);
  const title = { text: metric, fontSize: 12 };
  const encoding = {
    x: {
      field: 'epoch',
      type: 'quantitative',
      title: 'epoch',
      axis: { tickMinStep: 1, format: 'd' },
      scale: { domain: [0.5, epochs + 0.5], nice: false },
    },
    y: { field: 'value', type: 'quantitative', title: null, axis: { format: '~g' }, scale: { zero: false } },
    color: {
      field: 'data',
      type: 'nominal',
      title: null,
      legend: { orient: 'bottom' },
      scale: { domain: ['training', 'validation'], range: [COLOURS.first, COLOURS.second] },
    },
  };
  return {
    title:
      missing.length === 0
        ? title
        : {
            ...title,
            subtitle: missing.map(({ data, count }) => `${data} not finite in ${count} of ${counted(epochs, 'epoch', 'epochs')}`),
            subtitleFontSize: 11,
          },
    width: 320,
    height: 220,
    layer: [
      {
        data: { values: rows((points) => thinLine(points, [1, epochs], BUCKETS)) },
        mark: { type: 'line', strokeWidth: 2, invalid: 'break-paths-show-path-domains' },
        encoding,
      },
      {
        // A value between two gaps has no line, so it is drawn as a point.
        data: {
          values: rows((points) =>
            points.filter(
              ({ y }, i) =>
                y !== null && (epochs <= MARKED || ((points[i - 1]?.y ?? null) === null && (points[i + 1]?.y ?? null) === null)),
            ),
          ),
        },
        mark: { type: 'point', filled: true, size: 30, opacity: 1 },
        encoding,
      },
      ...boundaries,
    ],
  };
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
