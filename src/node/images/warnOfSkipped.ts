// Warns of skipped files in one line.

import { list } from '../../core/internal.js';
import { mayBeMeant, type SkippedFile } from './listImages.js';

/** The default of `onWarning`. */
export function printWarning(message: string): void {
  console.warn(message);
}

/** Warns how many files were skipped, with the reason of the first. There is no warning if all are texts, tables and the like. */
export function warnOfSkipped(
  where: string,
  folder: string,
  skipped: readonly SkippedFile[],
  warn: (message: string) => void = printWarning,
): void {
  const meant = skipped.filter(mayBeMeant);
  const [first] = meant;
  if (first === undefined) return;
  const more = meant.length > 3 ? ` and ${meant.length - 3} more` : '';
  warn(
    `${where}: left out ${meant.length} of the files and folders in '${folder}': ` +
      `${list(meant.slice(0, 3).map((each) => each.path))}${more}. The first: ${first.reason}. \`skipped\` in the result lists all.`,
  );
}
