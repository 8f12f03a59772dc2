// Reads metrics by epoch in every form that training functions return.

import { DataError } from '../core/index.js';
import { anyNumber, largest, nullable, record, rule, text } from '../core/internal.js';
import type { EpochMetrics } from '../training/index.js';
import type { LinePoint } from './thinLine.js';

/**
 * Metrics by epoch: the records that `trainHead` and `fineTune` return, or lists of values by metric, as in the `history` of `model.fit`
 * (`{ loss, val_loss, acc, val_acc }`).
 */
export type MetricHistory = Readonly<Record<string, readonly number[]>> | readonly Partial<EpochMetrics>[];

/** One phase of training, for example before or after unfreezing. */
export interface TrainingPhase {
  readonly name: string;
  readonly history: MetricHistory;
}

/** JSON stores NaN as `null`. */
const metric = nullable(anyNumber);

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

/** Validation rule of a history, or of the histories of several phases. */
export const metricHistory = rule<MetricHistory | readonly TrainingPhase[]>(
  'a history { loss, ... }, an array of epochs or an array of { name, history }',
  (value) => isHistory(value) || (Array.isArray(value) && value.every(isPhase)),
);

/** The values of one metric on training or validation data. */
export interface Series {
  readonly metric: string;
  readonly data: 'training' | 'validation';
  /** Measured values by epoch; `null` if a value is not finite. */
  readonly points: LinePoint[];
}

/** Whether a history has epochs but no finite value, so that there is nothing to draw. */
export function hasOnlyGaps(history: MetricHistory | readonly TrainingPhase[]): boolean {
  const { all } = seriesOf(phasesOf(history), undefined);
  return all.length > 0 && !all.some(isDrawable);
}

/** Checks that every history has at least one epoch. @throws {DataError} when one has none. */
export function checkEpochs(where: string, history: MetricHistory | readonly TrainingPhase[]): void {
  if (seriesOf(phasesOf(history), undefined).all.length === 0)
    throw new DataError(`${where}: expected a history with at least one epoch, received none.`);
}

/** Returns the values of every metric over all phases. */
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

/** Whether a series has a value to draw. */
export const isDrawable = ({ points }: Series): boolean => points.some(({ y }) => y !== null);

/** Returns a history as a list of phases. A single history becomes one phase named `training`. */
export function phasesOf(history: MetricHistory | readonly TrainingPhase[]): readonly TrainingPhase[] {
  const isPhases = Array.isArray(history) && history.every((one) => typeof one === 'object' && one !== null && 'history' in one);
  return isPhases ? (history as readonly TrainingPhase[]) : [{ name: 'training', history: history as MetricHistory }];
}

/** Converts either form of history to lists of values by metric. */
function byName(history: MetricHistory): Readonly<Record<string, readonly number[]>> {
  if (!Array.isArray(history)) return history as Readonly<Record<string, readonly number[]>>;
  const series: Record<string, number[]> = {};
  (history as readonly Partial<EpochMetrics>[]).forEach(({ epoch: _epoch, stage: _stage, ...metrics }, i) => {
    for (const [name, value] of Object.entries(metrics as Readonly<Record<string, unknown>>)) {
      // JSON stores values that are not finite as null.
      if (typeof value === 'number' || value === null) (series[name] ??= [])[i] = value ?? NaN;
    }
  });
  return series;
}

/** Splits a key into metric and data set: `val_loss` is the `loss` of the validation data. `acc` is TensorFlow.js' name for `accuracy`. */
function nameOf(key: string): { metric: string; data: 'training' | 'validation' } {
  const name = key.replace(/^val_/, '');
  return { metric: name === 'acc' ? 'accuracy' : name, data: name === key ? 'training' : 'validation' };
}
