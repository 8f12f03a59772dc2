// Metrics by epoch, in any of the forms in which training returns them.

import { DataError } from '../core/index.js';
import { largest, nullable, record, rule, text } from '../core/internal.js';
import type { EpochMetrics } from '../training/index.js';
import type { LinePoint } from './thinLine.js';

/**
 * Metrics by epoch: the records that `trainHead` and `fineTune` return, or the values of each metric, as `model.fit` returns them in
 * `history` (`{ loss, val_loss, acc, val_acc }`).
 */
export type MetricHistory = Readonly<Record<string, readonly number[]>> | readonly Partial<EpochMetrics>[];

/** One phase of training, for example before or after unfreezing. */
export interface TrainingPhase {
  readonly name: string;
  readonly history: MetricHistory;
}

/** `null` stands for NaN in what was once JSON. */
const metric = nullable(rule<number>('a number', (value) => typeof value === 'number'));

function isHistory(value: unknown): boolean {
  if (Array.isArray(value)) {
    return Array.from(value).every(
      (epoch: unknown) => record.accepts(epoch) && Object.values(epoch).every((each) => each === undefined || metric.accepts(each)),
    );
  }
  return record.accepts(value) && Object.values(value).every((values: unknown) => Array.isArray(values) && values.every(metric.accepts));
}

function isPhase(value: unknown): boolean {
  if (!record.accepts(value)) return false;
  const { name, history, ...others } = value as Partial<TrainingPhase>;
  return text.accepts(name) && isHistory(history) && Object.keys(others).length === 0;
}

/** The rule of a history, or of several in phases. */
export const metricHistory = rule<MetricHistory | readonly TrainingPhase[]>(
  'a history { loss, ... }, an array of epochs or an array of { name, history }',
  (value) => isHistory(value) || (Array.isArray(value) && value.every(isPhase)),
);

/** The values of one metric on one data set. */
export interface Series {
  readonly metric: string;
  readonly data: 'training' | 'validation';
  /** Those that were measured, by epoch; `null` where the value is not finite. */
  readonly points: LinePoint[];
}

/** Whether a history has epochs, but not one finite value, so that there is nothing to draw. */
export function hasOnlyGaps(history: MetricHistory | readonly TrainingPhase[]): boolean {
  const { all } = seriesOf(phasesOf(history), undefined);
  return all.length > 0 && !all.some(isDrawable);
}

/** @throws {DataError} when a history has no epoch. */
export function checkEpochs(where: string, history: MetricHistory | readonly TrainingPhase[]): void {
  if (seriesOf(phasesOf(history), undefined).all.length === 0)
    throw new DataError(`${where}: expected a history with at least one epoch, received none.`);
}

/** The values of every metric over all phases. */
export function seriesOf(
  phases: readonly TrainingPhase[],
  metrics: readonly string[] | undefined,
): { all: Series[]; boundaries: { at: number; phase: string }[]; epochs: number } {
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
    epochs += largest(
      Object.values(byMetric).map((values) => values.length),
      0,
    );
  }
  return { all: [...all.values()], boundaries, epochs };
}

/** Whether there is anything to draw. */
export const isDrawable = ({ points }: Series): boolean => points.some(({ y }) => y !== null);

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
