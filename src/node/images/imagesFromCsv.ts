// Reads labeled images that a CSV table lists, with one row per image or one row per label.

import path from 'node:path';
import { list } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { oneHot, type Dataset, type LabeledImage } from '../../data/index.js';
import { checkCsvOptions, type ImagesFromCsvOptions } from './csvOptions.js';
import type { LabeledFile } from './readImage.js';
import { labelAs, orderedFiles } from './labeledImages.js';
import { readImages } from './readImages.js';
import { readTable } from './readTable.js';
import { imagesOf, type SkippedRow } from './tableImages.js';
import { classesOf } from './tableLabels.js';
import { placesOf, similarName } from './tablePlaces.js';
import { warnOfSkippedRows } from './warnOfSkippedRows.js';
import { warnOfUnused } from './warnOfUnused.js';

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

/**
 * Reads the images that are listed in a CSV file with a header. Quotes, a byte-order mark and Windows line endings are supported. Skipped
 * rows are listed in `skipped` and counted in one warning (`onWarning`). Other warnings name the entries of `names` and `classNames` that
 * no row has.
 *
 * @throws {OptionError} when an option is unknown, has a wrong value, or cannot be combined with another. Also when `relabel` or `exclude`
 *   names a class that the table does not have, or the table has none of the ids in `names`.
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
    onWarning,
  } = options;
  const folders = typeof folder === 'string' ? [folder] : folder;
  const columns = [pathColumn, ...labelColumns, ...[labelColumn, groupColumn].filter((column) => column !== undefined)];
  const rows = await readTable(file, { where, encoding, delimiter, columns });
  const { listed, skipped, unusedNames } = imagesOf(where, file, folders, rows, options);
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
  const used = new Set([...listed.values()].flatMap(({ labels }) => labels));
  const classNames = classesOf(where, file, used, options);
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
  const what = `row of '${file}'`;
  warnOfUnused({ where, what, option: 'names' }, unusedNames, onWarning);
  const unusedClasses = (options.classNames ?? []).filter((name) => !used.has(name));
  warnOfUnused({ where, what, option: 'classNames' }, unusedClasses, onWarning);
  const labeled = orderedFiles(files, options).map(
    (each) => ({
      path: each.path,
      origin: each.origin,
      label: multiLabel ? oneHot(each.labels, classNames.length) : labelAs(labelMode, each.label, classNames.length),
    }),
    { varies: false },
  );
  return { classNames, files, missing: absentPaths, skipped, images: readImages(where, labeled, options) };
}
