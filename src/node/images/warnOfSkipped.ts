// One line about files that were left out.

import { list } from '../../core/internal.js';
import { mayBeMeant, type SkippedFile } from './listImages.js';

/** Where warnings go unless the caller takes them. */
export function printWarning(message: string): void {
  console.warn(message);
}

/** Says how many files were left out, the first of them and its reason; nothing where only texts, tables and the like were. */
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
