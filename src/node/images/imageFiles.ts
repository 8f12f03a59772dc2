// Reads images from a list of files, and writes a list of files as class folders.

import { access, constants, copyFile, link, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { check, checkOptions, decodeText, oneOf, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import type { Dataset, LabeledImage } from '../../data/index.js';
import type { FolderFile } from './imageFolder.js';
import { checkLabel, labelAs, LABELED_IMAGES_RULES, orderedFiles, type LabeledImagesOptions } from './labeledImages.js';
import { checkLabeledFiles, type LabeledFile } from './readImage.js';
import { READ_IMAGES_RULES, readImages, type ReadImagesOptions } from './readImages.js';
import { systemReason, unwritable } from '../files/internal.js';

/** Options of {@link imageFiles}. */
export interface ImageFilesOptions extends ReadImagesOptions, Pick<LabeledImagesOptions, 'labelMode' | 'shuffle' | 'seed'> {
  /** Number of classes, for one-hot labels. @defaultValue one more than the highest label */
  readonly classes?: number | undefined;
}

/**
 * Reads images from a list of files and their classes, for example one side of a split.
 *
 * @throws {OptionError} when `files` is not such a list, or an option is unknown or has a wrong value. {@link DataError} when a label is
 *   not one of the classes.
 * @example
 * const { files, classNames } = await imageFolder('photos');
 * for (const { train, validation } of kFold(files, 5, { stratifyBy: (file) => file.label })) {
 *   const batches = imageBatches(imageFiles(train, { preprocessing: model, classes: classNames.length }));
 * }
 */
export function imageFiles(files: readonly LabeledFile[], options: ImageFilesOptions = {}): Dataset<LabeledImage> {
  checkLabeledFiles('imageFiles', files);
  const highest = files.reduce((most, file) => Math.max(most, file.label), 0);
  const atLeast = rule<number>(
    `an integer above the highest label ${highest}`,
    (value) => Number.isSafeInteger(value) && (value as number) > highest,
  );
  const { labelMode: mode, shuffle, seed } = LABELED_IMAGES_RULES;
  const rules = { ...READ_IMAGES_RULES, classes: atLeast, labelMode: mode, shuffle, seed };
  const { classes = highest + 1, labelMode = 'categorical' } = checkOptions('imageFiles', options, rules);
  for (const { label, origin, path: place } of files) checkLabel(labelMode, label, classes, 'imageFiles', origin ?? place);
  return readImages(
    'imageFiles',
    orderedFiles(files, options).map(
      (file) => ({
        path: file.path,
        origin: file.origin ?? file.path,
        label: labelAs(labelMode, file.label, classes),
      }),
      { varies: false },
    ),
    options,
  );
}

const differentNames = rule<readonly string[]>(
  'an array of different names',
  (value) => Array.isArray(value) && Array.from(value).every((name) => typeof name === 'string') && new Set(value).size === value.length,
);

/** Options of {@link writeImageFolder}. */
export interface WriteImageFolderOptions {
  /** 'copy', 'link' (hard links, which take no disk space) or 'symlink'. @defaultValue 'copy' */
  readonly mode?: 'copy' | 'link' | 'symlink' | undefined;
}

/**
 * Writes files into one sub-folder per class, for example each side of a split. Existing files are never overwritten.
 *
 * @throws {OptionError} when an argument or option has a wrong value.
 * @throws {DataError} when a class name cannot be the name of a folder, a label has no class name, two files would get the same name, or a
 *   file already exists.
 * @example
 * const { train, validation } = trainValidationSplit(files, 0.2, { stratifyBy: (file) => file.label });
 * await writeImageFolder('data/train', train, classNames, { mode: 'link' });
 */
export async function writeImageFolder(
  folder: string,
  files: readonly LabeledFile[],
  classNames: readonly string[],
  options: WriteImageFolderOptions = {},
): Promise<void> {
  check('writeImageFolder', 'folder', folder, text);
  checkLabeledFiles('writeImageFolder', files);
  check('writeImageFolder', 'classNames', classNames, differentNames);
  const { mode = 'copy' } = checkOptions('writeImageFolder', options, { mode: oneOf('copy', 'link', 'symlink') });
  const bad = classNames.find((name) => name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name));
  if (bad !== undefined)
    throw new DataError(`writeImageFolder: expected class names that can name a folder, received '${bad}'. Rename the class.`);
  const targets = new Map<string, string>();
  for (const { path: source, label } of files) {
    const name = classNames[label];
    if (name === undefined)
      throw new DataError(`writeImageFolder: expected labels below ${classNames.length}, received ${label} of '${source}'.`, {
        origin: source,
      });
    const target = path.join(folder, name, path.basename(source));
    const other = targets.get(target);
    if (other !== undefined)
      throw new DataError(`writeImageFolder: expected one file for '${target}', received '${other}' and '${source}'.`, { origin: source });
    targets.set(target, source);
  }
  await checkSources([...targets.values()]);
  for (const each of new Set([...targets.keys()].map((target) => path.dirname(target))))
    await mkdir(each, { recursive: true }).catch(unwritable('writeImageFolder', 'folder', each));
  const write = {
    copy: (from: string, to: string) => copyFile(from, to, 1),
    link,
    symlink: (from: string, to: string) => symlink(path.resolve(from), to),
  }[mode];
  for (const [target, source] of targets) {
    await write(source, target).catch((cause: unknown) => {
      throw new DataError(`writeImageFolder: cannot write '${target}' from '${source}': ${systemReason(cause)}.`, {
        cause,
        origin: source,
      });
    });
  }
}

/** Throws before anything is written: a folder that is half written looks like a whole one. */
async function checkSources(sources: readonly string[]): Promise<void> {
  const failed = await Promise.all(sources.map((source) => access(source, constants.R_OK).catch((cause: unknown) => ({ source, cause }))));
  const missing = failed.filter((each) => each !== undefined);
  const [first] = missing;
  if (first === undefined) return;
  const more = missing.length === 1 ? '' : ` and ${missing.length - 1} others`;
  throw new DataError(
    `writeImageFolder: expected files that can be read, received '${first.source}'${more}: ${systemReason(first.cause)}. Nothing was written.`,
    { cause: first.cause, origin: first.source },
  );
}

/**
 * Lists the files of Food-101 in its published layout: `images/CLASS/ID.jpg` with the official `meta/classes.txt`, `meta/train.txt` and
 * `meta/test.txt`.
 *
 * @throws {DataError} when a list is missing, or names an unknown class.
 */
export async function food101Files(folder: string): Promise<{ classNames: readonly string[]; train: FolderFile[]; test: FolderFile[] }> {
  check('food101Files', 'folder', folder, text);
  const lines = async (name: string): Promise<string[]> => {
    const file = path.join(folder, 'meta', name);
    const bytes = await readFile(file).catch((cause: unknown) => {
      throw new DataError(`food101Files: expected the list '${file}', which cannot be read: ${systemReason(cause)}.`, {
        cause,
        origin: file,
      });
    });
    return decodeText(bytes, { where: 'food101Files', origin: file, remedy: 'Save it as UTF-8.' })
      .split(/\r?\n/)
      .filter((line) => line !== '');
  };
  const classNames = await lines('classes.txt');
  const share = async (name: string): Promise<FolderFile[]> =>
    (await lines(name)).map((id) => {
      const label = classNames.indexOf(id.split('/')[0] as string);
      if (label < 0) throw new DataError(`food101Files: expected classes of 'classes.txt' in '${name}', received '${id}'.`, { origin: id });
      return { path: path.join(folder, 'images', `${id}.jpg`), label, origin: id };
    });
  return { classNames, train: await share('train.txt'), test: await share('test.txt') };
}
