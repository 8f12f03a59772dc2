// The one line in the terminal about what was left out.

/** Something that was left out. */
export interface Skipped {
  /** Why, as a clause: `the label is empty`. */
  readonly reason: string;
}

/** Writes how many of `total` were left out and why, for example `left out 2 of 90 rows of 'train.csv': the label is empty (2)`; nothing for none. */
export function warnSkipped(where: string, skipped: readonly Skipped[], total: number, what: string): void {
  if (skipped.length === 0) return;
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].sort(([, a], [, b]) => b - a);
  const shown = reasons.slice(0, 3).map(([reason, count]) => `${reason} (${count})`);
  if (reasons.length > shown.length) shown.push('other reasons');
  console.warn(`${where}: left out ${skipped.length} of ${total} ${what}: ${shown.join(', ')}. \`skipped\` lists them.`);
}
