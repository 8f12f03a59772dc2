// The figure a callback watches, and which way it is better.

import { invalid, nonNegative, oneOf, text } from '../core/index.js';
import type { Figures } from './callback.js';

/** What is watched. */
export interface MonitorOptions {
  /** Name of the figure. @defaultValue 'val_loss' */
  readonly monitor?: string | undefined;
  /** Which way is better; `'auto'` takes losses as better when small, everything else as better when large. @defaultValue 'auto' */
  readonly mode?: 'auto' | 'min' | 'max' | undefined;
  /** A change of this or less is none. @defaultValue 0 */
  readonly minDelta?: number | undefined;
}

export const MONITOR_RULES = { monitor: text, mode: oneOf('auto', 'min', 'max'), minDelta: nonNegative };

/** Reads the watched figure and compares it. */
export interface Monitor {
  readonly worst: number;
  readonly read: (figures: Figures) => number;
  readonly isBetter: (value: number, best: number) => boolean;
}

/** Makes a monitor; its `read` throws when the figure is not there. */
export function monitorOf(where: string, { monitor = 'val_loss', mode = 'auto', minDelta = 0 }: MonitorOptions): Monitor {
  const small = mode === 'min' || (mode === 'auto' && /loss|error/.test(monitor));
  return {
    worst: small ? Infinity : -Infinity,
    read: (figures) => {
      const value = figures[monitor];
      if (value === undefined) throw invalid(where, 'monitor', `one of the figures ${Object.keys(figures).join(', ')}`, monitor);
      return value;
    },
    isBetter: (value, best) => (small ? value < best - minDelta : value > best + minDelta),
  };
}
