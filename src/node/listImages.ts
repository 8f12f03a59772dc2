// Which files of a folder are pictures, and in which order they come.

import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Endings of the formats that sharp decodes as it is installed. */
export const EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.jfif', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff'];

/** Picture files of a folder and its sub-folders, sorted, as paths within the folder. */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => EXTENSIONS.includes(path.extname(name).toLowerCase()) && !name.split(path.sep).some(isHidden))
    .sort(byCodePoint);
}

/** Hidden files, and what macOS puts into zip files. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}

/** Python's order, so that class indices agree with those of Keras and torchvision. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
