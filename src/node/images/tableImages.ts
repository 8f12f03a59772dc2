// Groups the rows of a table by image, and collects the rows that are skipped.

import { DataError } from '../../core/index.js';
import { list } from '../../core/internal.js';
import type { TableRow } from './readTable.js';
import { labelReader, MISSING_VALUES, type RowLabels, type TableLabelOptions } from './tableLabels.js';
import { nameWithin } from './tablePlaces.js';

/** A row that was skipped. */
export interface SkippedRow {
  /** The line of the file in which the row starts. The header is line 1. */
  readonly line: number;
  /** The cell of the path column. */
  readonly path: string;
  /** Why the row was skipped, as a clause: `the label is empty`. */
  readonly reason: string;
}

/** An image with the data of its rows. */
export interface TableImage {
  /** The cell of the path column. */
  readonly origin: string;
  readonly labels: string[];
  readonly group: string | undefined;
  /** The line in which its first row starts. */
  readonly line: number;
}

/** How rows are read. {@link ImagesFromCsvOptions} describes each option. */
export interface TableImagesOptions extends TableLabelOptions {
  readonly pathColumn: string;
  readonly groupColumn?: string | undefined;
  readonly suffix?: string | undefined;
  readonly unlabeled?: 'throw' | 'skip' | undefined;
}

/** Returns the images by their names within the folders, the rows that are skipped, and the ids in `names` that no row has. */
export function imagesOf(
  where: string,
  file: string,
  folders: readonly string[],
  rows: readonly TableRow[],
  options: TableImagesOptions,
): { listed: Map<string, TableImage>; skipped: SkippedRow[]; unusedNames: readonly string[] } {
  const { pathColumn, groupColumn, labelColumns, suffix = '', multiLabel = false, unlabeled = 'throw' } = options;
  const listed = new Map<string, TableImage>();
  const skipped: SkippedRow[] = [];
  const faults: SkippedRow[] = [];
  let remedy: string | undefined;
  const labels = labelReader(where, file, options);
  for (const row of rows) {
    const { line } = row;
    const origin = row.cell(pathColumn);
    const read: RowLabels = origin === '' ? { missing: 'the file name is empty', remedy: 'name the file' } : labels.read(row);
    if ('excluded' in read) continue;
    if ('missing' in read) {
      faults.push({ line, path: origin, reason: read.missing });
      remedy ??= read.remedy;
      continue;
    }
    const name = nameWithin(where, file, folders, `${origin}${suffix}`);
    const known = listed.get(name);
    const added = read.labels.filter((label) => known?.labels.includes(label) !== true);
    if (known === undefined) {
      listed.set(name, { origin, labels: added, group: groupOf(row, groupColumn), line });
    } else if (multiLabel && labelColumns === undefined) {
      known.labels.push(...added);
    } else if (added.length === 0 && read.labels.length === known.labels.length) {
      skipped.push({ line, path: origin, reason: 'it repeats an earlier row' });
    } else {
      const remedy = labelColumns === undefined ? 'Set multiLabel: true for several.' : 'Keep one row per image.';
      throw new DataError(
        `${where}: expected one label for '${origin}' in '${file}', received ${list(known.labels)} in line ${known.line} and ` +
          `${list(read.labels)} in line ${line}. ${remedy}`,
        { origin: file },
      );
    }
  }
  const unusedNames = rows.length > 0 ? labels.checkNames() : [];
  if (faults.length > 0 && unlabeled === 'throw') {
    const shown = faults
      .slice(0, 3)
      .map(({ line, path: image, reason }) => `line ${line} ('${image}', ${reason})`)
      .join(', ');
    throw new DataError(
      `${where}: expected a label in every row of '${file}', ${faults.length} of ${rows.length} have none: ` +
        `${shown}${faults.length > 3 ? ', ...' : ''}. Set unlabeled: 'skip' to leave them out, or ${remedy ?? ''}.`,
      { origin: file },
    );
  }
  return { listed, skipped: [...faults, ...skipped].sort((a, b) => a.line - b.line), unusedNames };
}

function groupOf(row: TableRow, column: string | undefined): string | undefined {
  const cell = column === undefined ? '' : row.cell(column).trim();
  // Images whose group is unknown do not belong together.
  return MISSING_VALUES.has(cell) ? undefined : cell;
}
