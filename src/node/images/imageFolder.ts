// Labeled images in one sub-folder per class. Listing and splitting is here; decoding in decodeImage.ts.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { boolean, callable, check, checkOptions, invalid, list, probability, rule, seed as seedRule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { Dataset, trainValidationSplit, type LabeledImage } from '../../data/index.js';
import { byCodePoint, hasEnding, imageEndings, isFolder, isHidden, listImages, reasonToSkip, type SkippedFile } from './listImages.js';
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
import { systemReason } from '../files/internal.js';
import { warnOfSkipped } from './warnOfSkipped.js';

/** How a folder of labeled images is read. */
export interface ImageFolderOptions extends ReadImagesOptions {
  /** 'categorical' one-hot vectors, 'int' class indices, 'binary' vectors of one 0 or 1. @defaultValue 'categorical' */
  readonly labelMode?: LabelMode | undefined;
  /** The classes and their order, for example those of the training folder; other sub-folders are left out. @defaultValue all, sorted */
  readonly classNames?: readonly string[] | undefined;
  /** Reads links to folders within the classes, too, as Keras' `follow_links`. @defaultValue false */
  readonly followLinks?: boolean | undefined;
  /** Share of every class held out for validation, in (0, 1). @defaultValue none */
  readonly validationSplit?: number | undefined;
  /** Another order of the training images in every epoch; the validation share keeps its order. @defaultValue true */
  readonly shuffle?: boolean | undefined;
  /** Decides the split and the shuffling. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Receives one line about files that were left out. @defaultValue prints it with `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** How a folder is read and split. */
export interface SplitImageFolderOptions extends ImageFolderOptions {
  /** Share of every class held out for validation, in (0, 1). */
  readonly validationSplit: number;
}

/** A file of an image folder. */
export interface FolderFile extends LabeledFile {
  /** The path within the folder, with forward slashes: the same on every machine. */
  readonly origin: string;
}

/** Images and the files they come from. */
export interface ImageSet {
  /** Sorted by class, then by name; `images` may be shuffled. */
  readonly files: readonly FolderFile[];
  readonly images: Dataset<LabeledImage>;
}

/** A folder of labeled images. */
export interface ImageFolder extends ImageSet {
  readonly classNames: readonly string[];
  /** Files that were left out, and why; hidden ones are not listed. */
  readonly skipped: readonly SkippedFile[];
}

/** A folder of labeled images in two shares. */
export interface SplitImageFolder {
  readonly classNames: readonly string[];
  /** Files that were left out, and why; hidden ones are not listed. */
  readonly skipped: readonly SkippedFile[];
  readonly train: ImageSet;
  readonly validation: ImageSet;
}

/**
 * Reads images from a folder with one sub-folder per class. Files of other kinds are left out and listed in `skipped`; hidden files are
 * ignored. An image that turns out to be broken stops the pass, or is left out with `errors: 'skip'`.
 *
 * Folders are searched as by Keras: links to class folders and to files are read, links to folders within a class only with `followLinks`.
 *
 * @returns Decoded (and resized) images as a dataset, in two shares where `validationSplit` is given.
 * @throws {OptionError} when an option is unknown, has a wrong value, or does not go with another.
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
    ...READ_IMAGES_RULES,
    labelMode: LABEL_MODES,
    classNames: CLASS_NAMES,
    followLinks: boolean,
    validationSplit: rule<number>('a number in (0, 1)', (value) => probability.accepts(value) && value > 0 && value < 1),
    shuffle: boolean,
    seed: seedRule,
    onWarning: callable,
  });
  preprocessingOfOptions('imageFolder', options);
  const { classNames: wanted, labelMode, validationSplit, shuffle = true, seed = 0, onWarning } = options;
  if (wanted !== undefined && wanted.length < 2) throw invalid('imageFolder', 'classNames', 'at least 2 class names', wanted);
  if (wanted !== undefined && wanted.length > 2 && labelMode === 'binary')
    throw invalid('imageFolder', 'classNames', "2 class names with labelMode 'binary'", wanted);
  const { classNames, files, skipped } = await listClasses(folder, options);
  warnOfSkipped('imageFolder', folder, skipped, onWarning);
  if (labelMode === 'binary' && classNames.length !== 2) {
    throw new DataError(`imageFolder: expected 2 classes with labelMode 'binary', received ${classNames.length} in '${folder}'.`);
  }
  const imageSet = (share: readonly FolderFile[], shuffled: boolean): ImageSet => {
    const ordered = Dataset.from(share);
    const labeled = (shuffled ? ordered.shuffle(share.length, { seed }) : ordered).map((file) => ({
      ...file,
      label: labelAs(labelMode ?? 'categorical', file.label, classNames.length),
    }));
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

/** The class folders, links to folders included, and what lies beside them. */
async function listTop(
  folder: string,
  endings: readonly string[],
): Promise<{ readonly found: readonly string[]; readonly skipped: readonly SkippedFile[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DataError(
      `imageFolder: expected a folder with one sub-folder a class, received '${folder}', which cannot be read: ${systemReason(cause)}.`,
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
