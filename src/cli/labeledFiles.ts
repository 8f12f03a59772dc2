// Finds labeled images: a folder with one sub-folder per class, or a CSV file.

import { DataError, imageFolder, imagesFromCsv, type FolderFile } from '../node.js';
import type { CliContext } from './CliCommand.js';
import type { CsvOptions } from './options.js';
import { kindOf } from './openModel.js';

/** A labeled image, and the group that a split must not divide. */
export interface GroupedFile extends FolderFile {
  readonly group?: string | undefined;
}

/** Labeled images of a folder or a CSV file. */
export interface LabeledFiles {
  readonly classNames: readonly string[];
  readonly files: readonly GroupedFile[];
}

/**
 * Lists labeled images. Nothing is decoded.
 *
 * @param classNames - The classes in order. @defaultValue all that are found, sorted
 * @throws {DataError} when there is no such folder or file, or it does not contain labeled images.
 */
export async function labeledFiles(
  source: string,
  { pathColumn, labelColumn, groupColumn, images }: CsvOptions,
  { note }: CliContext,
  classNames?: readonly string[],
): Promise<LabeledFiles> {
  const kind = await requireLabeled(source);
  const common = { classNames, onWarning: note };
  if (kind === 'folder') return imageFolder(source, common);
  return imagesFromCsv(source, { ...common, pathColumn, labelColumn, groupColumn, folder: images });
}

/**
 * Returns whether labeled images are in a folder or a file.
 *
 * @throws {DataError} when there is neither.
 */
export async function requireLabeled(source: string): Promise<'file' | 'folder'> {
  const kind = await kindOf(source);
  if (kind === undefined) throw new DataError(`there is no file or folder '${source}'.`, { origin: source });
  return kind;
}
