// Finds the images that a command line names: files, folders and patterns.

import path from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { DataError } from '../node.js';
import { imageEndings, listImages } from '../node/images/internal.js';
import { kindOf } from './openModel.js';

/**
 * Returns the paths of images. A folder stands for all images in it and its sub-folders. Patterns such as `photos/*.jpg` are expanded here,
 * because the shells of Windows do not expand them. A file whose name looks like a pattern is taken as that file.
 *
 * @throws {DataError} when something does not exist, or a folder or pattern has no images.
 */
export async function imagePaths(inputs: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const input of inputs) found.push(...(await imagesAt(input)));
  return [...new Set(found)];
}

async function imagesAt(input: string): Promise<readonly string[]> {
  const kind = await kindOf(input);
  if (kind === 'file') return [input];
  const endings = await imageEndings();
  if (kind === 'folder') {
    const { names } = await listImages(input, { endings, followLinks: false });
    if (names.length === 0) throw new DataError(`there are no images (${endings.join(' ')}) in '${input}'.`, { origin: input });
    return names.map((name) => path.join(input, name));
  }
  // Patterns use forward slashes on every system.
  const pattern = path.sep === '\\' ? input.replaceAll('\\', '/') : input;
  if (!isDynamicPattern(pattern)) throw new DataError(`there is no file or folder '${input}'.`, { origin: input });
  const names = (await glob(pattern, { expandDirectories: false, absolute: path.isAbsolute(input) })).sort();
  const images = names.filter((name) => endings.includes(path.extname(name).toLowerCase()));
  if (images.length === 0) throw new DataError(`no image matches '${input}'.`, { origin: input });
  return images.map((name) => path.normalize(name));
}
