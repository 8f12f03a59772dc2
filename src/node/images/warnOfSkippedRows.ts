// Warns of skipped rows of a table in one line.

import type { SkippedRow } from './tableImages.js';
import { printWarning } from './warnOfSkipped.js';

/** Warns how many of `total` rows were skipped, and why. There is no warning if none were. */
export function warnOfSkippedRows(
  where: string,
  table: string,
  skipped: readonly SkippedRow[],
  total: number,
  warn: (message: string) => void = printWarning,
): void {
  if (skipped.length === 0) return;
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const shown = reasons.slice(0, 3).map(([reason, count]) => `${reason} (${count})`);
  if (reasons.length > shown.length) shown.push('other reasons');
  warn(`${where}: left out ${skipped.length} of ${total} rows of '${table}': ${shown.join(', ')}. \`skipped\` in the result lists all.`);
}
