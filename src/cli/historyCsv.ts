// The metrics of every epoch as CSV.

import type { EpochMetrics } from '../node.js';
import { csvLine } from '../core/internal.js';

/** The epochs of a part of a training. */
export interface PhaseHistory {
  readonly name: string;
  readonly history: readonly EpochMetrics[];
}

/** Formats the metrics as a CSV file with a row per epoch. Its first column is the name of the phase. */
export function historyCsv(phases: readonly PhaseHistory[]): string {
  const rows = phases.flatMap(({ name, history }) => history.map((metrics) => ({ name, metrics })));
  const columns = [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))].filter((column) => column !== 'stage');
  return [
    csvLine(['phase', ...columns]),
    ...rows.map(({ name, metrics }) => csvLine([name, ...columns.map((column) => metrics[column] ?? '')])),
    '',
  ].join('\n');
}
