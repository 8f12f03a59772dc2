// How training went: the metrics by epoch, and the learning rate by step.

import { arrayOf, check, checkOptions, DataError, positiveInteger, rule, text } from '../core/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';

/** The figures of an epoch: `{ epoch: 1, loss: 2.1, validationLoss: 2.3 }`, as `trainHead` returns them. */
export interface EpochFigures {
  readonly epoch: number;
}

/**
 * Metrics by epoch: either the values of each, as `model.fit` returns them in `history` (`{ loss, val_loss, acc, val_acc }`), or the figures of
 * every epoch.
 */
export type MetricHistory = Readonly<Record<string, readonly number[]>> | readonly EpochFigures[];

/** One phase of training, for example before or after unfreezing. */
export interface TrainingPhase {
  readonly name: string;
  readonly history: MetricHistory;
}

/** Which metrics are drawn. */
export interface TrainingChartOptions {
  /** By the names they have for training data. @defaultValue all */
  readonly metrics?: readonly string[];
}

/** How a schedule is drawn. */
export interface ScheduleChartOptions {
  /** Steps an epoch; the axis then counts epochs. @defaultValue the axis counts steps */
  readonly stepsPerEpoch?: number;
}

const histories = rule<MetricHistory | readonly TrainingPhase[]>('a history of metrics or an array of named phases', (value) => typeof value === 'object' && value !== null);

/**
 * Draws every metric by epoch, training beside validation; several phases follow one another with their boundary marked.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @throws {DataError} when there is no epoch, or no metric of that name.
 * @example
 * const spec = trainingChart([{ name: 'head', history }, { name: 'fine-tuning', history: fineTuned }]);
 */
export function trainingChart(history: MetricHistory | readonly TrainingPhase[], options: TrainingChartOptions = {}): ChartSpec {
  check('trainingChart', 'history', history, histories);
  const { metrics } = checkOptions('trainingChart', options, { metrics: arrayOf(text) });
  const phases = phasesOf(history);
  const values: { epoch: number; metric: string; data: string; value: number }[] = [];
  const boundaries: { at: number; phase: string }[] = [];
  let epochs = 0;
  for (const { name, history: own } of phases) {
    const byMetric = byName(own);
    boundaries.push({ at: epochs + 0.5, phase: name });
    for (const [key, series] of Object.entries(byMetric)) {
      const { metric, data } = nameOf(key);
      if (metrics !== undefined && !metrics.includes(metric)) continue;
      series.forEach((value, i) => {
        if (Number.isFinite(value)) values.push({ epoch: epochs + i + 1, metric, data, value });
      });
    }
    epochs += Math.max(0, ...Object.values(byMetric).map((series) => series.length));
  }
  if (values.length === 0) throw new DataError(`trainingChart: expected a history with at least one epoch${metrics === undefined ? '' : ` of ${metrics.join(', ')}`}, received none.`);
  const order = [...new Set(values.map(({ metric }) => metric))];
  const last = order.map((metric) => {
    const { value, data } = values.filter((one) => one.metric === metric).at(-1) as (typeof values)[number];
    return `${data} ${metric} ends at ${Number(value.toPrecision(4))}`;
  });
  return chart({
    title: 'Training',
    description: `Metrics over ${counted(epochs, 'epoch', 'epochs')}: ${last.join(', ')}.`,
    hconcat: order.map((metric) => ({
      title: { text: metric, fontSize: 12 },
      width: 320,
      height: 220,
      layer: [
        {
          data: { values: values.filter((one) => one.metric === metric) },
          mark: { type: 'line', point: epochs <= 40, strokeWidth: 2 },
          encoding: {
            x: { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1, format: 'd' }, scale: { domain: [0.5, epochs + 0.5], nice: false } },
            y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
            color: {
              field: 'data', type: 'nominal', title: null, legend: { orient: 'bottom' },
              scale: { domain: ['training', 'validation'], range: [COLOURS.first, COLOURS.second] },
            },
          },
        },
        ...(phases.length > 1 ? boundaryLayers(boundaries) : []),
      ],
    })),
    resolve: { scale: { y: 'independent' } },
  });
}

/**
 * Draws a learning-rate schedule.
 *
 * @param schedule - The rate by step, from step 0.
 * @param steps - How many steps are drawn.
 * @throws {OptionError} when an argument or option has a wrong value.
 * @example
 * const spec = scheduleChart((step) => 0.1 * 0.97 ** Math.floor(step / 240), 2400);
 */
export function scheduleChart(schedule: (step: number) => number, steps: number, options: ScheduleChartOptions = {}): ChartSpec {
  check('scheduleChart', 'steps', steps, positiveInteger);
  const { stepsPerEpoch } = checkOptions('scheduleChart', options, { stepsPerEpoch: positiveInteger });
  // As many points as there are pixels: warm-ups keep their corner.
  const points = Math.min(steps, 800);
  const values = Array.from({ length: points }, (_, i) => {
    const step = Math.round((i * (steps - 1)) / Math.max(1, points - 1));
    return { at: stepsPerEpoch === undefined ? step : step / stepsPerEpoch, rate: schedule(step) };
  });
  const rates = values.map(({ rate }) => rate);
  return chart({
    title: 'Learning rate',
    description: `Learning rate over ${counted(steps, 'step', 'steps')}: starts at ${values[0]?.rate}, peaks at ${Math.max(...rates)}, ends at ${values.at(-1)?.rate}.`,
    width: 460,
    height: 200,
    data: { values },
    mark: { type: 'line', color: COLOURS.first, strokeWidth: 2, interpolate: 'linear' },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: stepsPerEpoch === undefined ? 'step' : 'epoch' },
      y: { field: 'rate', type: 'quantitative', title: 'learning rate', axis: { format: '~g' } },
    },
  });
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
  (history as readonly Readonly<Record<string, unknown>>[]).forEach((figures, i) => {
    for (const [name, value] of Object.entries(figures)) {
      if (name !== 'epoch' && typeof value === 'number') (series[name] ??= [])[i] = value;
    }
  });
  return series;
}

/** `val_loss`, `valLoss` and `validationLoss` are the validation data's `loss`; `acc` is `accuracy`. */
function nameOf(key: string): { metric: string; data: 'training' | 'validation' } {
  const stripped = key.replace(/^val_|^val(?:idation)?(?=[A-Z])/, '');
  const name = stripped === key ? key : stripped.charAt(0).toLowerCase() + stripped.slice(1);
  return { metric: name === 'acc' ? 'accuracy' : name, data: stripped === key ? 'training' : 'validation' };
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
