// Labeled images from a table: one row per image, or one row per label.

import path from 'node:path';
import {
  arrayOf,
  boolean,
  callable,
  check,
  checkOptions,
  either,
  invalid,
  isEncoding,
  list,
  oneOf,
  record,
  rule,
  seed as seedRule,
  text,
  type Rule,
} from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { Dataset, oneHot, type LabeledImage } from '../../data/index.js';
import type { LabeledFile } from './readImage.js';
import {
  CLASS_NAMES,
  LABEL_MODES,
  labelAs,
  preprocessingOfOptions,
  READ_IMAGES_RULES,
  readImages,
  type LabelMode,
  type ReadImagesOptions,
} from './readImages.js';
import { readTable } from './readTable.js';
import { imagesOf, type SkippedRow } from './tableImages.js';
import { classesOf, type Names } from './tableLabels.js';
import { placesOf, similarName } from './tablePlaces.js';
import { warnOfSkippedRows } from './warnOfSkippedRows.js';

/** How a table of labeled images is read. */
export interface ImagesFromCsvOptions extends ReadImagesOptions {
  /** Column of the file names. */
  readonly pathColumn: string;
  /** Column of the labels; this or `labelColumns`. */
  readonly labelColumn?: string | undefined;
  /** One column per class, with 1 in those of the image's classes and 0 in the others (one-hot); the classes keep this order. */
  readonly labelColumns?: readonly string[] | undefined;
  /** What cells of `labelColumns` mean beside 0, 1, false and true, for example `{ '-1.0': 1, '': 0 }`. @defaultValue none */
  readonly labelValues?: Readonly<Record<string, 0 | 1>> | undefined;
  /** Column that tells which images belong together, for `groupBy` of a split. @defaultValue none */
  readonly groupColumn?: string | undefined;
  /**
   * Folder the file names are relative to; or several, each of which is looked through for every name.
   * @defaultValue the folder of the table
   */
  readonly folder?: string | readonly string[] | undefined;
  /** Added to every file name, for example '.jpg' after ids. @defaultValue '' */
  readonly suffix?: string | undefined;
  /** Between the columns. @defaultValue ',' */
  readonly delimiter?: string | undefined;
  /** How the table's text is encoded: a label of `TextDecoder`, such as 'windows-1252', 'utf-16le' or 'shift_jis'. @defaultValue 'utf-8' */
  readonly encoding?: string | undefined;
  /**
   * Images may have several labels: in several rows, in one cell with `labelSeparator`, or in several `labelColumns`. Labels become
   * several-hot vectors.
   * @defaultValue false
   */
  readonly multiLabel?: boolean | undefined;
  /** Between the labels of one cell. @defaultValue none */
  readonly labelSeparator?: string | undefined;
  /** Class names by the ids in the label column, or by the label columns. @defaultValue the ids themselves */
  readonly names?: Readonly<Record<string, string>> | undefined;
  /** New names for some classes; several may become one. @defaultValue none */
  readonly relabel?: Readonly<Record<string, string>> | undefined;
  /** Classes whose rows are left out, by their name before relabeling. @defaultValue none */
  readonly exclude?: readonly string[] | undefined;
  /** The classes and their order. @defaultValue the `labelColumns`, or all labels that occur, sorted by code point */
  readonly classNames?: readonly string[] | undefined;
  /**
   * 'skip' leaves out rows without a label or file name and lists them in `skipped`. Missing labels are empty cells and what pandas reads
   * as missing ('NaN', 'NA', 'null', 'None', ...), unless `classNames`, `names`, `relabel` or `exclude` has them. @defaultValue 'throw'
   */
  readonly unlabeled?: 'throw' | 'skip' | undefined;
  /** 'skip' leaves out images that do not exist and lists them in `missing` and `skipped`. @defaultValue 'throw' */
  readonly missing?: 'throw' | 'skip' | undefined;
  /** Label of images with one label each. @defaultValue 'categorical' */
  readonly labelMode?: LabelMode | undefined;
  /** Another order in every epoch. @defaultValue true */
  readonly shuffle?: boolean | undefined;
  /** Decides the order. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Receives one line about rows that were left out. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** An image file of a table. */
export interface CsvFile extends LabeledFile {
  /** The cell of the path column. */
  readonly origin: string;
  /** Index of the first label; -1 for none, which only `labelColumns` with `multiLabel` allows. */
  readonly label: number;
  /** Indices of all labels. */
  readonly labels: readonly number[];
  /** The cell of the group column; `undefined` without that column, or where the cell is empty or a missing value such as `NaN`. */
  readonly group: string | undefined;
}

/** Images of a table. */
export interface CsvImages {
  readonly classNames: readonly string[];
  readonly files: readonly CsvFile[];
  /** Paths that do not exist; of several folders, those in the first. */
  readonly missing: readonly string[];
  /**
   * Rows that were left out: without a label, of images that do not exist, or equal to an earlier row. Rows of excluded classes are not
   * listed.
   */
  readonly skipped: readonly SkippedRow[];
  readonly images: Dataset<LabeledImage>;
}

const recordOf = <T>(expected: string, accepts: (value: unknown) => boolean): Rule<Readonly<Record<string, T>>> =>
  rule(expected, (value) => record.accepts(value) && Object.values(value).every(accepts));
const names: Rule<Names> = recordOf('an object of names, each a non-empty string', text.accepts);
const indicators = recordOf<0 | 1>('an object of 0 and 1', (value) => value === 0 || value === 1);
const string = rule<string>('a string', (value) => typeof value === 'string');
const columnNames = rule<readonly string[]>(
  'a non-empty array of different column names',
  (value) => arrayOf(text).accepts(value) && value.length > 0 && new Set(value).size === value.length,
);
const encodingLabel = rule<string>(
  "an encoding that TextDecoder knows, such as 'utf-8', 'windows-1252', 'utf-16le' or 'shift_jis'",
  isEncoding,
);

/**
 * Reads images listed in a CSV file with a header; quotes, byte-order mark and Windows line ends are understood. Rows that are left out are
 * listed in `skipped` and counted in one warning (`onWarning`).
 *
 * @throws {OptionError} when an option is unknown, has a wrong value, or does not go with another; or `relabel` or `exclude` names a class
 *   that the table
 * does not have.
 * @throws {DataError} when the table cannot be read or decoded, or a column is missing; a row has too few cells, no label, or several
 *   labels without
 * `multiLabel`; one class is written in two ways ('1' and '1.0'); an image is missing, lies in two of the folders, or lies outside the
 * folder by its name; or one of several folders cannot be read.
 * @example
 * const { images, classNames } = await imagesFromCsv('train.csv', {
 *   pathColumn: 'id', labelColumn: 'breed', folder: 'train', suffix: '.jpg', inputSize: 224,
 * });
 */
export async function imagesFromCsv(file: string, options: ImagesFromCsvOptions): Promise<CsvImages> {
  const where = 'imagesFromCsv';
  checkCsvOptions(where, file, options);
  const {
    pathColumn,
    labelColumn,
    labelColumns = [],
    groupColumn,
    folder = path.dirname(file),
    suffix = '',
    delimiter = ',',
    encoding = 'utf-8',
    multiLabel = false,
    missing = 'throw',
    labelMode = 'categorical',
    shuffle = true,
    seed = 0,
    onWarning,
  } = options;
  const folders = typeof folder === 'string' ? [folder] : folder;
  const columns = [pathColumn, ...labelColumns, ...[labelColumn, groupColumn].filter((column) => column !== undefined)];
  const rows = await readTable(file, { where, encoding, delimiter, columns });
  const { listed, skipped } = imagesOf(where, file, folders, rows, options);
  const places = await placesOf(where, file, folders, [...listed.keys()]);
  const absent = [...listed].filter(([name]) => !places.has(name));
  const absentPaths = absent.map(([name]) => path.join(folders[0] as string, name));
  if (absent.length > 0 && missing === 'throw') {
    throw new DataError(
      `${where}: expected every image of '${file}' to exist, ${absent.length} of ${listed.size} do not: ` +
        `${list(absentPaths.slice(0, 3))}${absent.length > 3 ? ', ...' : ''}. Check \`folder\` and \`suffix\`, or set missing: ` +
        `'skip'.${await similarName(absentPaths[0] as string, suffix)}`,
      { origin: file },
    );
  }
  skipped.push(...absent.map(([, { line, origin }]) => ({ line, path: origin, reason: 'the image does not exist' })));
  const classNames = classesOf(
    where,
    file,
    [...listed.values()].flatMap(({ labels }) => labels),
    options,
  );
  if (labelMode === 'binary' && classNames.length !== 2) {
    throw new DataError(
      `${where}: expected 2 classes with labelMode 'binary', received ${classNames.length} in '${file}': ${list(classNames.slice(0, 5))}.`,
      { origin: file },
    );
  }
  const indexOf = (label: string, line: number): number => {
    const index = classNames.indexOf(label);
    if (index < 0)
      throw new DataError(`${where}: expected labels of '${file}' among ${list(classNames)}, received '${label}' in line ${line}.`, {
        origin: file,
      });
    return index;
  };
  const files = [...listed].flatMap(([name, { origin, labels, group, line }]): CsvFile[] => {
    const place = places.get(name);
    const indices = labels.map((label) => indexOf(label, line));
    return place === undefined ? [] : [{ path: place, origin, label: indices[0] ?? -1, labels: indices, group }];
  });
  warnOfSkippedRows(where, file, skipped, rows.length, onWarning);
  if (files.length === 0)
    throw new DataError(`${where}: expected rows with images in '${file}', received ${rows.length === 0 ? 'only a header' : 'none'}.`, {
      origin: file,
    });
  const ordered = shuffle ? Dataset.from(files).shuffle(files.length, { seed }) : Dataset.from(files);
  const labeled = ordered.map((each) => ({
    path: each.path,
    origin: each.origin,
    label: multiLabel ? oneHot(each.labels, classNames.length) : labelAs(labelMode, each.label, classNames.length),
  }));
  return { classNames, files, missing: absentPaths, skipped, images: readImages(where, labeled, options) };
}

function checkCsvOptions(where: string, file: string, options: ImagesFromCsvOptions): void {
  check(where, 'file', file, text);
  checkOptions(where, options, {
    ...READ_IMAGES_RULES,
    pathColumn: text,
    labelColumn: text,
    labelColumns: columnNames,
    labelValues: indicators,
    groupColumn: text,
    folder: either(text, arrayOf(text)),
    suffix: string,
    delimiter: text,
    encoding: encodingLabel,
    multiLabel: boolean,
    labelSeparator: text,
    names,
    relabel: names,
    exclude: arrayOf(text),
    classNames: CLASS_NAMES,
    unlabeled: oneOf('throw', 'skip'),
    missing: oneOf('throw', 'skip'),
    labelMode: LABEL_MODES,
    shuffle: boolean,
    seed: seedRule,
    onWarning: callable,
  });
  const { pathColumn, labelColumn, labelColumns, labelValues, labelSeparator, folder } = options;
  preprocessingOfOptions(where, options);
  check(where, 'pathColumn', pathColumn, text);
  if (labelColumns === undefined) check(where, 'labelColumn', labelColumn, text, 'Or name `labelColumns`.');
  else if (labelColumn !== undefined) throw invalid(where, 'labelColumn', 'nothing beside `labelColumns`', labelColumn);
  if (labelValues !== undefined && labelColumns === undefined)
    throw invalid(where, 'labelValues', 'nothing without `labelColumns`', labelValues);
  if (labelSeparator !== undefined && labelColumns !== undefined)
    throw invalid(where, 'labelSeparator', 'nothing beside `labelColumns`', labelSeparator);
  if (options.multiLabel === true && options.labelMode !== undefined && options.labelMode !== 'categorical')
    throw invalid(where, 'labelMode', "'categorical' with multiLabel", options.labelMode);
  if (folder?.length === 0) throw invalid(where, 'folder', 'at least one folder', folder);
}
