// The options that imageFolder, imagesFromCsv and imageFiles share, and the labels they make.

import { boolean, callable, differentTexts, oneOf, seed } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { Dataset, oneHot, type Label } from '../../data/index.js';
import { READ_IMAGES_RULES, type ReadImagesOptions } from './readImages.js';

/** The form of a label: one-hot vector, class index, or vector of one 0 or 1. */
export type LabelMode = 'int' | 'categorical' | 'binary';

export const LABEL_MODES = oneOf('int', 'categorical', 'binary');

/** Names of classes. They must be different, because an image of a class that is named twice would have two labels. */
export const CLASS_NAMES = differentTexts;

/** Options of {@link imageFolder} and {@link imagesFromCsv}. */
export interface LabeledImagesOptions extends ReadImagesOptions {
  /**
   * The form of the labels: 'categorical' for one-hot vectors, 'int' for class indices, 'binary' for vectors of one 0 or 1.
   * @defaultValue 'categorical'
   */
  readonly labelMode?: LabelMode | undefined;
  /** The classes in order, for example those of the training data. @defaultValue all classes found, sorted by code point */
  readonly classNames?: readonly string[] | undefined;
  /** Whether to change the order in every epoch. @defaultValue true */
  readonly shuffle?: boolean | undefined;
  /** Seed of the order. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Called with one line about what is skipped, and one about `classNames` without images. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Rules for {@link LabeledImagesOptions}. */
export const LABELED_IMAGES_RULES = {
  ...READ_IMAGES_RULES,
  labelMode: LABEL_MODES,
  classNames: CLASS_NAMES,
  shuffle: boolean,
  seed,
  onWarning: callable,
};

/** Returns a dataset of files, which changes its order in every epoch unless `shuffle` is false. */
export function orderedFiles<T>(
  files: readonly T[],
  { shuffle = true, seed: from = 0 }: Pick<LabeledImagesOptions, 'shuffle' | 'seed'>,
): Dataset<T> {
  const dataset = Dataset.from(files);
  return shuffle ? dataset.shuffle(files.length, { seed: from }) : dataset;
}

/**
 * Turns a class index into a label of the given form.
 *
 * @throws {DataError} when the index is not one of the classes, or with 'binary' neither 0 nor 1.
 */
export function labelAs(mode: LabelMode, label: number, classes: number, where = 'readImages', origin?: string): Label {
  checkLabel(mode, label, classes, where, origin);
  switch (mode) {
    case 'int':
      return label;
    case 'binary':
      return Float32Array.of(label);
    case 'categorical':
      return oneHot(label, classes);
  }
}

/**
 * Checks a class index.
 *
 * @throws {DataError} when it is not one of the classes, or with 'binary' neither 0 nor 1.
 */
export function checkLabel(mode: LabelMode, label: number, classes: number, where: string, origin?: string): void {
  const limit = mode === 'binary' ? 2 : classes;
  if (Number.isInteger(label) && label >= 0 && label < limit) return;
  throw new DataError(`${where}: expected a label in [0, ${limit})${origin === undefined ? '' : ` for '${origin}'`}, received ${label}.`, {
    origin,
  });
}
