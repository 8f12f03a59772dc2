// The metric a callback watches, and which way it is better.

import { didYouMean, invalid, nonNegative, oneOf, text } from '../core/internal.js';
import type { MetricValues } from './epochMetrics.js';

/** What is watched. */
export interface MonitorOptions {
  /** Name of the metric. @defaultValue 'val_loss' */
  readonly monitor?: string | undefined;
  /** Which way is better; `'auto'` takes losses as better when small, everything else as better when large. @defaultValue 'auto' */
  readonly mode?: 'auto' | 'min' | 'max' | undefined;
  /** A change of this or less is none. @defaultValue 0 */
  readonly minDelta?: number | undefined;
}

export const MONITOR_RULES = { monitor: text, mode: oneOf('auto', 'min', 'max'), minDelta: nonNegative };

/** Reads the watched metric and compares it. */
export interface Monitor {
  readonly worst: number;
  readonly read: (metrics: MetricValues) => number;
  readonly isBetter: (value: number, best: number) => boolean;
}

/** Makes a monitor; its `read` throws when the metric is not there. */
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
