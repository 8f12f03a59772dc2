// Warns of entries of an option that match nothing, which may be misspelled.

import { list } from '../../core/internal.js';
import { printWarning } from './warnOfSkipped.js';

/** Where a warning is about. */
export interface UnusedIn {
  readonly where: string;
  readonly option: 'classNames' | 'names';
  /** What the entries should match: `row of 'train.csv'`. */
  readonly what: string;
}

/** Warns of the entries that match nothing. There is no warning if there are none. */
export function warnOfUnused(
  { where, option, what }: UnusedIn,
  unused: readonly string[],
  warn: (message: string) => void = printWarning,
): void {
  if (unused.length === 0) return;
  const more = unused.length > 3 ? ` and ${unused.length - 3} more` : '';
  warn(`${where}: no ${what} matches ${list(unused.slice(0, 3))}${more} in \`${option}\`. Check the spelling.`);
}
