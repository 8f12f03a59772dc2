// The options of imagesFromCsv, and their checks.

import {
  anyString,
  arrayOf,
  boolean,
  check,
  checkOptions,
  either,
  invalid,
  isEncoding,
  oneOf,
  record,
  rule,
  text,
  type Rule,
} from '../../core/internal.js';
import { LABELED_IMAGES_RULES, type LabeledImagesOptions, type LabelMode } from './labeledImages.js';
import { preprocessingOfOptions } from './readImages.js';
import type { Names } from './tableLabels.js';

/** Options of {@link imagesFromCsv}. */
export interface ImagesFromCsvOptions extends LabeledImagesOptions {
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
  /** The form of the labels where each image has one, as in {@link imageFolder}. @defaultValue 'categorical' */
  readonly labelMode?: LabelMode | undefined;
  /**
   * Called with one line about skipped rows, and one about entries of `names` or `classNames` that no row has.
   * @defaultValue prints it with `console.warn`
   */
  readonly onWarning?: ((message: string) => void) | undefined;
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
 * Checks the options of `imagesFromCsv`.
 *
 * @throws {OptionError} when an option is unknown, has a wrong value, or cannot be combined with another.
 */
export function checkCsvOptions(where: string, file: string, options: ImagesFromCsvOptions): void {
  check(where, 'file', file, text);
  checkOptions(where, options, {
    ...LABELED_IMAGES_RULES,
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
    unlabeled: oneOf('throw', 'skip'),
    missing: oneOf('throw', 'skip'),
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
