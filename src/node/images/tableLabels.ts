// Reads the labels of a table: from one column of names, or from one column of 0 and 1 per class.

import { DataError, OptionError } from '../../core/index.js';
import { list, show } from '../../core/internal.js';
import { byCodePoint } from './listImages.js';
import type { TableRow } from './readTable.js';

/** New names by old names. */
export type Names = Readonly<Record<string, string>>;

/** Which columns contain the labels, and what they mean. {@link ImagesFromCsvOptions} describes each option. */
export interface TableLabelOptions {
  readonly labelColumn?: string | undefined;
  readonly labelColumns?: readonly string[] | undefined;
  readonly labelValues?: Readonly<Record<string, 0 | 1>> | undefined;
  readonly labelSeparator?: string | undefined;
  readonly multiLabel?: boolean | undefined;
  readonly names?: Names | undefined;
  readonly relabel?: Names | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/** The labels of a row; or why it has none, with a remedy; or that all of its labels are excluded. */
export type RowLabels =
  { readonly labels: readonly string[] } | { readonly missing: string; readonly remedy: string } | { readonly excluded: true };

type Ids = readonly string[] | { readonly missing: string; readonly remedy: string };

/** The cells that pandas reads as missing values. */
export const MISSING_VALUES: ReadonlySet<string> = new Set([
  '',
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
  'N/A',
  'NA',
  'NULL',
  'NaN',
  'None',
  'n/a',
  'nan',
  'null',
]);

const ONE = /^(?:1(?:\.0*)?|true)$/i;
const ZERO = /^(?:0(?:\.0*)?|false)$/i;

/** Reads the labels of rows, one row at a time. */
export interface LabelReader {
  /** @throws {DataError} when a cell is not understood, or a row has several labels without `multiLabel`. */
  readonly read: (row: TableRow) => RowLabels;
  /**
   * Checks the names in the options. Call it after the last row. Returns the ids in `names` that no row has.
   *
   * @throws {OptionError} when `relabel` or `exclude` names a class that no row has, or no row has any id of `names`.
   */
  readonly checkNames: () => readonly string[];
}

/** Makes a reader for the labels of a table. */
export function labelReader(where: string, file: string, options: TableLabelOptions): LabelReader {
  const {
    labelColumn = '',
    labelColumns,
    labelSeparator,
    multiLabel = false,
    names = {},
    relabel = {},
    exclude = [],
    classNames = [],
  } = options;
  const isClass = (id: string): boolean =>
    Object.hasOwn(names, id) || Object.hasOwn(relabel, id) || exclude.includes(id) || classNames.includes(id);

  const idsInColumn = (row: TableRow): Ids => {
    const cell = row.cell(labelColumn).trim();
    const ids = labelSeparator === undefined ? [cell] : cell.split(labelSeparator).map((id) => id.trim());
    const unknown = ids.find((id) => id !== '' && MISSING_VALUES.has(id) && !isClass(id));
    const remedy = 'give `classNames` with the value if it is a class';
    if (unknown !== undefined) return { missing: `the label is ${show(unknown)}`, remedy };
    const present = ids.filter((id) => id !== '' || isClass(id));
    return present.length === 0 ? { missing: 'the label is empty', remedy } : present;
  };
  const idsOfColumns = (row: TableRow, columns: readonly string[]): Ids => {
    const values = columns.map((column) => indicator(where, file, row, column, options.labelValues));
    const missing = columns[values.indexOf(undefined)];
    if (missing !== undefined) {
      const cell = row.cell(missing).trim();
      return {
        missing: `column '${missing}' ${cell === '' ? 'is empty' : `has ${show(cell)}`}`,
        remedy: `say what that means with \`labelValues: { ${show(cell)}: 0 }\``,
      };
    }
    const ids = columns.filter((_, i) => values[i] === 1);
    return ids.length === 0 && !multiLabel
      ? { missing: 'no label column is 1', remedy: 'set multiLabel: true if an image may have no class' }
      : ids;
  };

  const foundIds = new Set(labelColumns);
  const found = new Set(labelColumns?.map((column) => renamed(column, names)));
  const unknownNames = (option: string, unknown: readonly string[], known: ReadonlySet<string>): OptionError => {
    const classes = [...known].sort(byCodePoint);
    return new OptionError(
      `${where}: expected ${option === 'names' ? 'ids' : 'classes'} of '${file}' for \`${option}\`, received ${some(unknown)}. It has ${some(classes)}.`,
    );
  };
  const checkNames = (): readonly string[] => {
    const ids = Object.keys(names);
    const unknownIds = ids.filter((id) => !foundIds.has(id));
    if (ids.length > 0 && unknownIds.length === ids.length) throw unknownNames('names', unknownIds, foundIds);
    for (const [option, given] of [
      ['relabel', Object.keys(relabel)],
      ['exclude', exclude],
    ] as const) {
      const unknown = given.filter((name) => !found.has(name));
      if (unknown.length > 0) throw unknownNames(option, unknown, found);
    }
    return unknownIds;
  };

  const read = (row: TableRow): RowLabels => {
    const ids = labelColumns === undefined ? idsInColumn(row) : idsOfColumns(row, labelColumns);
    if ('missing' in ids) return ids;
    for (const id of ids) foundIds.add(id);
    const named = ids.map((id) => renamed(id, names));
    for (const name of named) found.add(name);
    const labels = [...new Set(named.filter((name) => !exclude.includes(name)).map((name) => renamed(name, relabel)))];
    if (labels.length === 0 && ids.length > 0) return { excluded: true };
    if (labels.length > 1 && !multiLabel) {
      throw new DataError(
        `${where}: expected one label in line ${row.line} of '${file}', received ${list(labels)}. Set multiLabel: true for several.`,
        { origin: file },
      );
    }
    return { labels };
  };
  return { read, checkNames };
}

/** The classes: those of `labelColumns` in their order, or all that occur in the rows, sorted by code point. */
export function classesOf(
  where: string,
  file: string,
  labels: Iterable<string>,
  { labelColumns, names = {}, relabel = {}, exclude = [], classNames }: TableLabelOptions,
): readonly string[] {
  if (classNames !== undefined) return classNames;
  if (labelColumns !== undefined) {
    return [
      ...new Set(
        labelColumns
          .map((id) => renamed(id, names))
          .filter((name) => !exclude.includes(name))
          .map((name) => renamed(name, relabel)),
      ),
    ];
  }
  const found = [...new Set(labels)];
  const byMeaning = new Map<string, string>();
  for (const label of found) {
    const meaning = /^[+-]?\d+(?:\.\d*)?$/.test(label) ? String(Number(label)) : label.normalize('NFC');
    const other = byMeaning.get(meaning);
    if (other !== undefined) {
      const how = other.normalize('NFC') === label.normalize('NFC') ? 'the same characters in different bytes' : 'the same number';
      throw new DataError(
        `${where}: expected each class of '${file}' to be written in one way, received ${list([other, label])}: ${how}. ` +
          `Set \`relabel\` to make them one, or \`classNames\` to keep both.`,
        { origin: file },
      );
    }
    byMeaning.set(meaning, label);
  }
  return found.sort(byCodePoint);
}

/** Reads a cell of a label column. `undefined` when it is empty or missing. */
function indicator(
  where: string,
  file: string,
  row: TableRow,
  column: string,
  values: Readonly<Record<string, 0 | 1>> = {},
): 0 | 1 | undefined {
  const cell = row.cell(column).trim();
  if (Object.hasOwn(values, cell)) return values[cell];
  if (ONE.test(cell)) return 1;
  if (ZERO.test(cell)) return 0;
  if (MISSING_VALUES.has(cell)) return undefined;
  throw new DataError(
    `${where}: expected 0 or 1 in column '${column}' of '${file}', received ${show(cell)} in line ${row.line}. ` +
      `Set \`labelValues\` to say what it means.`,
    { origin: file },
  );
}

const some = (names: readonly string[]): string => `${list(names.slice(0, 8))}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;

/** Looks up own properties only, because a class may be named `constructor`. */
function renamed(name: string, names: Names): string {
  return Object.hasOwn(names, name) ? (names[name] as string) : name;
}
