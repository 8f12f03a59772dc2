// The metric that a callback monitors, and whether lower or higher values are better.

import { didYouMean, invalid, nonNegative, oneOf, text } from '../core/internal.js';
import type { MetricValues } from './epochMetrics.js';

/** Options of callbacks that monitor a metric. */
export interface MonitorOptions {
  /** Name of the metric to monitor. @defaultValue 'val_loss' */
  readonly monitor?: string | undefined;
  /**
   * Whether lower or higher values are better. `'auto'` means lower for losses and errors, and higher for other metrics.
   * @defaultValue 'auto'
   */
  readonly mode?: 'auto' | 'min' | 'max' | undefined;
  /** Changes up to this size do not count as improvements, at least 0. @defaultValue 0 */
  readonly minDelta?: number | undefined;
}

export const MONITOR_RULES = { monitor: text, mode: oneOf('auto', 'min', 'max'), minDelta: nonNegative };

/** Reads and compares the monitored metric. */
export interface Monitor {
  readonly worst: number;
  readonly read: (metrics: MetricValues) => number;
  readonly isBetter: (value: number, best: number) => boolean;
}

/** Creates a monitor. Its `read` throws an OptionError when the metric is missing. */
export function monitorOf(where: string, { monitor = 'val_loss', mode = 'auto', minDelta = 0 }: MonitorOptions): Monitor {
  const small = mode === 'min' || (mode === 'auto' && /loss|error/.test(monitor));
  return {
    worst: small ? Infinity : -Infinity,
    read: (metrics) => {
      const value = metrics[monitor];
      if (value === undefined) {
        const known = Object.keys(metrics);
        throw invalid(where, 'monitor', `one of the metrics ${known.join(', ')}`, monitor, didYouMean(monitor, known));
      }
      return value;
    },
    isBetter: (value, best) => (small ? value < best - minDelta : value > best + minDelta),
  };
}
