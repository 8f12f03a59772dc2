// Draws a learning-rate schedule.

import { callable, check, checkOptions, positiveInteger, type Given } from '../core/internal.js';
import { DataError } from '../core/index.js';
import { chart, COLOURS, counted, type ChartSpec } from './chart.js';
import { thinLine, type LinePoint } from './thinLine.js';

/** Options of {@link scheduleChart}. */
export interface ScheduleChartOptions {
  /** Steps per epoch. If set, the axis shows epochs. @defaultValue none: the axis shows steps */
  readonly stepsPerEpoch?: number | undefined;
}

/** Number of intervals, larger than the width of the chart in pixels. */
const BUCKETS = 800;

/**
 * Draws a learning-rate schedule.
 *
 * The rate of every step is computed. Where several steps share a pixel, the lowest and the highest rate are drawn, so peaks and restarts
 * keep their height.
 *
 * @param schedule - Returns the learning rate of a step. The first step is 0.
 * @param steps - Number of steps to draw.
 * @throws {OptionError} when an argument or option has a wrong value.
 * @throws {DataError} when the schedule returns a rate that is not a finite number.
 * @example
 * const spec = scheduleChart((step) => 0.1 * 0.97 ** Math.floor(step / 240), 2400);
 */
export function scheduleChart(schedule: (step: number) => number, steps: number, options: ScheduleChartOptions = {}): ChartSpec {
  check('scheduleChart', 'schedule', schedule, callable);
  check('scheduleChart', 'steps', steps, positiveInteger);
  return drawSchedule('scheduleChart', schedule, steps, checkOptions('scheduleChart', options, { stepsPerEpoch: positiveInteger }));
}

/** Draws a schedule whose arguments were already checked, for the function that the user called. */
export function drawSchedule(
  where: string,
  schedule: (step: number) => number,
  steps: number,
  { stepsPerEpoch }: Given<ScheduleChartOptions> = {},
): ChartSpec {
  const values = thinLine(rates(where, schedule, steps), [0, steps - 1], BUCKETS).map(({ x, y }) => ({
    at: stepsPerEpoch === undefined ? x : x / stepsPerEpoch,
    rate: y as number,
  }));
  const peak = values.reduce((highest, { rate }) => Math.max(highest, rate), -Infinity);
  return chart({
    title: 'Learning rate',
    description:
      `Learning rate over ${counted(steps, 'step', 'steps')}: ` +
      `starts at ${values[0]?.rate}, peaks at ${peak}, ends at ${values.at(-1)?.rate}.`,
    width: 460,
    height: 200,
    data: { values },
    // A line with a single point would be invisible.
    mark:
      steps === 1
        ? { type: 'point', color: COLOURS.first, filled: true, size: 60, opacity: 1 }
        : { type: 'line', color: COLOURS.first, strokeWidth: 2, interpolate: 'linear' },
    encoding: {
      x: {
        field: 'at',
        type: 'quantitative',
        ...(stepsPerEpoch === undefined
          ? { title: 'step', axis: { format: ',~r', tickMinStep: 1 } }
          : { title: 'epoch', axis: { format: ',~r' } }),
      },
      y: { field: 'rate', type: 'quantitative', title: 'learning rate', axis: { format: '~g' } },
    },
  });
}

function* rates(where: string, schedule: (step: number) => number, steps: number): Generator<LinePoint> {
  for (let step = 0; step < steps; step++) {
    const rate = schedule(step);
    if (!Number.isFinite(rate))
      throw new DataError(`${where}: expected a schedule of finite rates, received ${String(rate)} at step ${step}.`);
    yield { x: step, y: rate };
  }
}
