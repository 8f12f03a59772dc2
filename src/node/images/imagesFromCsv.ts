// Reads labeled images that a CSV table lists, with one row per image or one row per label.

import path from 'node:path';
import {
  anyString,
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
  type Rule,
  seed as seedRule,
  text,
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

/** Options of {@link imagesFromCsv}. */
export interface ImagesFromCsvOptions extends ReadImagesOptions {
  /** The column with the file names. */
  readonly pathColumn: string;
  /** The column with the labels. Either this or `labelColumns` is required. */
  readonly labelColumn?: string | undefined;
  /** One column per class, with 1 for the image's classes and 0 for the others (one-hot). The classes keep this order. */
  readonly labelColumns?: readonly string[] | undefined;
  /** Meaning of other cells of `labelColumns` than 0, 1, false and true, for example `{ '-1.0': 1, '': 0 }`. @defaultValue none */
  readonly labelValues?: Readonly<Record<string, 0 | 1>> | undefined;
  /** The column that says which images belong together, for `groupBy` of a split. @defaultValue none */
  readonly groupColumn?: string | undefined;
  /**
   * The folder that the file names are relative to. With several folders, each file is looked up in all of them.
   * @defaultValue the folder of the table
   */
  readonly folder?: string | readonly string[] | undefined;
  /** Text to append to every file name, for example '.jpg' when the column contains ids. @defaultValue '' */
  readonly suffix?: string | undefined;
  /** The character between columns. @defaultValue ',' */
  readonly delimiter?: string | undefined;
  /** Text encoding of the table, as for `TextDecoder`: 'windows-1252', 'utf-16le', 'shift_jis', ... @defaultValue 'utf-8' */
  readonly encoding?: string | undefined;
  /**
   * Whether an image may have several labels: in several rows, in one cell with `labelSeparator`, or in several `labelColumns`. Labels
   * become multi-hot vectors.
   * @defaultValue false
   */
  readonly multiLabel?: boolean | undefined;
  /** The text between the labels of one cell. @defaultValue none */
  readonly labelSeparator?: string | undefined;
  /** Class names by id: by the cells of the label column, or by the names of the label columns. @defaultValue the ids themselves */
  readonly names?: Readonly<Record<string, string>> | undefined;
  /** New names of classes. Classes with the same new name are merged. @defaultValue none */
  readonly relabel?: Readonly<Record<string, string>> | undefined;
  /** Classes whose rows are skipped, by their names before relabeling. @defaultValue none */
  readonly exclude?: readonly string[] | undefined;
  /** The classes in order. @defaultValue the `labelColumns`, or all labels in the table, sorted by code point */
  readonly classNames?: readonly string[] | undefined;
  /**
   * 'skip' skips rows without a label or file name and lists them in `skipped`. A label is missing when its cell is empty or pandas reads
   * it as missing ('NaN', 'NA', 'null', 'None', ...), unless `classNames`, `names`, `relabel` or `exclude` contains it.
   * @defaultValue 'throw'
   */
  readonly unlabeled?: 'throw' | 'skip' | undefined;
  /** 'skip' skips images that do not exist and lists them in `missing` and `skipped`. @defaultValue 'throw' */
  readonly missing?: 'throw' | 'skip' | undefined;
  /** The form of labels where each image has one. @defaultValue 'categorical' */
  readonly labelMode?: LabelMode | undefined;
  /** Whether to change the order in every epoch. @defaultValue true */
  readonly shuffle?: boolean | undefined;
  /** Seed of the order. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Called with one line about skipped rows. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** An image file of a table. */
export interface CsvFile extends LabeledFile {
  /** The cell of the path column. */
  readonly origin: string;
  /** Index of the first label, or -1 for none. Only `labelColumns` with `multiLabel` allows images without a label. */
  readonly label: number;
  /** Indices of all labels. */
  readonly labels: readonly number[];
  /** The cell of the group column; `undefined` without that column, or where the cell is empty or a missing value such as `NaN`. */
  readonly group: string | undefined;
}

/** The images of a table. */
export interface CsvImages {
  readonly classNames: readonly string[];
  readonly files: readonly CsvFile[];
  /** Paths of images that do not exist. With several folders, these are the paths in the first one. */
  readonly missing: readonly string[];
  /**
   * Rows that were skipped: rows without a label, of images that do not exist, or equal to an earlier row. Rows of excluded classes are
   * not listed.
   */
  readonly skipped: readonly SkippedRow[];
  readonly images: Dataset<LabeledImage>;
}

const recordOf = <T>(expected: string, accepts: (value: unknown) => boolean): Rule<Readonly<Record<string, T>>> =>
  rule(expected, (value) => record.accepts(value) && Object.values(value).every(accepts));
const names: Rule<Names> = recordOf('an object of names, each a non-empty string', text.accepts);
const indicators = recordOf<0 | 1>('an object of 0 and 1', (value) => value === 0 || value === 1);
const columnNames = rule<readonly string[]>(
  'a non-empty array of different column names',
  (value) => arrayOf(text).accepts(value) && value.length > 0 && new Set(value).size === value.length,
);
const encodingLabel = rule<string>(
  "an encoding that TextDecoder knows, such as 'utf-8', 'windows-1252', 'utf-16le' or 'shift_jis'",
  isEncoding,
);

/**
 * Reads the images that are listed in a CSV file with a header. Quotes, a byte-order mark and Windows line endings are supported. Skipped
 * rows are listed in `skipped` and counted in one warning (`onWarning`).
 *
 * @throws {OptionError} when an option is unknown, has a wrong value, or cannot be combined with another. Also when `relabel` or `exclude`
 *   names a class that the table does not have.
 * @throws {DataError} when the table cannot be read or decoded, or a column is missing. Also when a row has too few cells, no label, or
 *   several labels without `multiLabel`, or one class is written in two ways ('1' and '1.0'). Also when an image is missing, exists in two
 *   of the folders, or has a name that leads outside the folder, or when one of several folders cannot be read.
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
  const labeled = ordered.map(
    (each) => ({
      path: each.path,
      origin: each.origin,
      label: multiLabel ? oneHot(each.labels, classNames.length) : labelAs(labelMode, each.label, classNames.length),
    }),
    { varies: false },
  );
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
    suffix: anyString,
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
