// Reads labeled images from one sub-folder per class. This file lists and splits them; decodeImage.ts decodes them.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { boolean, check, checkOptions, fraction, invalid, list, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { trainValidationSplit, type Dataset, type LabeledImage } from '../../data/index.js';
import { byCodePoint, hasEnding, imageEndings, isFolder, isHidden, listImages, reasonToSkip, type SkippedFile } from './listImages.js';
import type { LabeledFile } from './readImage.js';
import { labelAs, LABELED_IMAGES_RULES, orderedFiles, type LabeledImagesOptions } from './labeledImages.js';
import { preprocessingOfOptions, readImages } from './readImages.js';
import { systemReason } from '../files/internal.js';
import { warnOfSkipped } from './warnOfSkipped.js';
import { warnOfUnused } from './warnOfUnused.js';

/** Options of {@link imageFolder}. */
export interface ImageFolderOptions extends LabeledImagesOptions {
  /** The classes in order, for example those of the training folder. Other sub-folders are skipped. @defaultValue all, sorted */
  readonly classNames?: readonly string[] | undefined;
  /** Also reads links to folders within the classes, as Keras does with `follow_links`. @defaultValue false */
  readonly followLinks?: boolean | undefined;
  /** Fraction of every class that is held out for validation, in (0, 1). Validation images keep their order. @defaultValue none */
  readonly validationSplit?: number | undefined;
  /** Seed of the split and the order. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/** Options of {@link imageFolder} with a split. */
export interface SplitImageFolderOptions extends ImageFolderOptions {
  /** Fraction of every class that is held out for validation, in (0, 1). */
  readonly validationSplit: number;
}

/** A file of an image folder. */
export interface FolderFile extends LabeledFile {
  /** The path within the folder, with forward slashes, so that it is the same on every machine. */
  readonly origin: string;
}

/** Images and the files they come from. */
export interface ImageSet {
  /** The files, sorted by class, then by name. `images` may be shuffled. */
  readonly files: readonly FolderFile[];
  readonly images: Dataset<LabeledImage>;
}

/** A folder of labeled images. */
export interface ImageFolder extends ImageSet {
  readonly classNames: readonly string[];
  /** Files that were skipped, and why. Hidden files are not listed. */
  readonly skipped: readonly SkippedFile[];
}

/** A folder of labeled images, split into training and validation. */
export interface SplitImageFolder {
  readonly classNames: readonly string[];
  /** Files that were skipped, and why. Hidden files are not listed. */
  readonly skipped: readonly SkippedFile[];
  readonly train: ImageSet;
  readonly validation: ImageSet;
}

/**
 * Reads images from a folder with one sub-folder per class. Files of other kinds are skipped and listed in `skipped`. Hidden files are
 * ignored. An image that cannot be decoded ends the pass with an error, or is skipped with `errors: 'skip'`.
 *
 * Folders are searched as in Keras: links to class folders and to files are followed. Links to folders within a class are followed only
 * with `followLinks`.
 *
 * @returns Decoded (and resized) images as a dataset. With `validationSplit`, one dataset for training and one for validation.
 * @throws {OptionError} when an option is unknown, has a wrong value, or cannot be combined with another.
 * @throws {DataError} when the folder is missing, has fewer than two classes, or, without `classNames`, a class has no images.
 * @example
 * const { classNames, train, validation } = await imageFolder('photos', { inputSize: 224, validationSplit: 0.2 });
 * await model.fitDataset(imageBatches(train.images), { epochs: 5, validationData: imageBatches(validation.images) });
 * @see Keras' `image_dataset_from_directory`
 */
export async function imageFolder(folder: string, options: SplitImageFolderOptions): Promise<SplitImageFolder>;
export async function imageFolder(folder: string, options?: ImageFolderOptions): Promise<ImageFolder>;
export async function imageFolder(folder: string, options: ImageFolderOptions = {}): Promise<ImageFolder | SplitImageFolder> {
  check('imageFolder', 'folder', folder, text);
  checkOptions('imageFolder', options, {
    ...LABELED_IMAGES_RULES,
    followLinks: boolean,
    validationSplit: fraction,
  });
  preprocessingOfOptions('imageFolder', options);
  const { classNames: wanted, labelMode, validationSplit, shuffle = true, seed = 0, onWarning } = options;
  if (wanted !== undefined && wanted.length < 2) throw invalid('imageFolder', 'classNames', 'at least 2 class names', wanted);
  if (wanted !== undefined && wanted.length > 2 && labelMode === 'binary')
    throw invalid('imageFolder', 'classNames', "2 class names with labelMode 'binary'", wanted);
  const { classNames, files, skipped } = await listClasses(folder, options);
  warnOfSkipped('imageFolder', folder, skipped, onWarning);
  const used = new Set(files.map(({ label }) => classNames[label]));
  const unused = classNames.filter((name) => !used.has(name));
  warnOfUnused({ where: 'imageFolder', what: `image in '${folder}'`, option: 'classNames' }, unused, onWarning);
  if (labelMode === 'binary' && classNames.length !== 2) {
    throw new DataError(`imageFolder: expected 2 classes with labelMode 'binary', received ${classNames.length} in '${folder}'.`);
  }
  const imageSet = (share: readonly FolderFile[], shuffled: boolean): ImageSet => {
    const labeled = orderedFiles(share, { shuffle: shuffled, seed }).map(
      (file) => ({
        ...file,
        label: labelAs(labelMode ?? 'categorical', file.label, classNames.length),
      }),
      { varies: false },
    );
    return { files: share, images: readImages('imageFolder', labeled, options) };
  };
  if (validationSplit === undefined) return { classNames, skipped, ...imageSet(files, shuffle) };
  const { train, validation } = trainValidationSplit(files, validationSplit, {
    seed,
    stratifyBy: (file) => classNames[file.label] as string,
  });
  return { classNames, skipped, train: imageSet(train, shuffle), validation: imageSet(validation, false) };
}

/** Why an image beside the class folders is left out. */
const UNCLASSED = 'it is in no class folder';

interface Classes {
  readonly classNames: readonly string[];
  readonly files: readonly FolderFile[];
  readonly skipped: readonly SkippedFile[];
}

async function listClasses(folder: string, { classNames: wanted, followLinks = false }: ImageFolderOptions): Promise<Classes> {
  const endings = await imageEndings();
  const { found, skipped } = await listTop(folder, endings);
  const classNames = wanted ?? found;
  if (classNames.length < 2) {
    const received = classNames.length === 0 ? 'none' : `only ${list(classNames)}`;
    const images = skipped.some(({ reason }) => reason === UNCLASSED);
    const remedy = images ? ` It contains images itself: if it is one class, give its parent, '${path.resolve(folder, '..')}'.` : '';
    throw new DataError(`imageFolder: expected at least 2 class folders in '${folder}', received ${received}.${remedy}`, {
      origin: folder,
    });
  }
  const perClass = await Promise.all(
    classNames.map(async (name, label) => {
      if (!found.includes(name)) return { files: [], skipped: [] };
      const { names, skipped } = await listImages(path.join(folder, name), { endings, followLinks });
      return {
        files: names.map((file) => ({ path: path.join(folder, name, file), origin: `${name}/${file.split(path.sep).join('/')}`, label })),
        skipped,
      };
    }),
  );
  const files = perClass.flatMap((each) => each.files);
  const empty = perClass.findIndex((each) => each.files.length === 0);
  if (files.length === 0 || (empty >= 0 && wanted === undefined)) {
    const place = files.length === 0 ? folder : path.join(folder, classNames[empty] as string);
    const [first] = (files.length === 0 ? perClass.flatMap((each) => each.skipped) : perClass[empty]?.skipped) ?? [];
    const instead = first === undefined ? '' : ` '${first.path}' was left out: ${first.reason}.`;
    throw new DataError(`imageFolder: expected images (${endings.join(' ')}) in '${place}', received none.${instead}`, { origin: place });
  }
  const unwanted = found
    .filter((name) => !classNames.includes(name))
    .map((name) => ({ path: path.join(folder, name), reason: 'its name is not in `classNames`' }));
  return { classNames, files, skipped: [...skipped, ...unwanted, ...perClass.flatMap((each) => each.skipped)] };
}

/** The class folders, including links to folders, and the other entries beside them. */
async function listTop(
  folder: string,
  endings: readonly string[],
): Promise<{ readonly found: readonly string[]; readonly skipped: readonly SkippedFile[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(
      `imageFolder: expected a folder with one sub-folder per class, received '${folder}', which cannot be read: ${systemReason(cause)}.`,
      { cause, origin: folder },
    );
  });
  const found: string[] = [];
  const skipped: SkippedFile[] = [];
  for (const entry of entries.filter(({ name }) => !isHidden(name)).sort((a, b) => byCodePoint(a.name, b.name))) {
    const place = path.join(folder, entry.name);
    if (await isFolder(place)) found.push(entry.name);
    else
      skipped.push({
        path: place,
        reason: entry.isFile() && hasEnding(entry.name, endings) ? UNCLASSED : await reasonToSkip(place),
      });
  }
  return { found, skipped };
}
