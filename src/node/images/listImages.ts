// Lists the images of a folder in order, and the files that are skipped.

import { open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { cannotDecode, fileKind, heifEndings, KIND_BYTES } from './fileKind.js';
import { loadSharp, type SharpModule } from './loadSharp.js';
import { entryKind } from '../files/internal.js';

/** Extensions of the formats that can be decoded. Those of HEIF depend on how sharp was built and are not included. */
const ENDINGS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.mpo',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.bmp',
  '.ppm',
  '.pgm',
  '.pbm',
  '.pnm',
];

/** Extensions of other files that are often stored beside images. */
const COMPANIONS = new Set([
  '.cfg',
  '.csv',
  '.db',
  '.h5',
  '.hdf5',
  '.htm',
  '.html',
  '.ini',
  '.ipynb',
  '.js',
  '.json',
  '.jsonl',
  '.log',
  '.mat',
  '.md',
  '.npy',
  '.npz',
  '.pkl',
  '.py',
  '.rst',
  '.sqlite',
  '.toml',
  '.ts',
  '.tsv',
  '.txt',
  '.xml',
  '.yaml',
  '.yml',
]);

/** Names of files without an extension that are often stored beside images. */
const COMPANION_NAMES = /^(readme|licen[sc]e|copying|citation|changelog|authors|notice|version|makefile|dockerfile)$/i;

/** A file or folder that was skipped. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** The images of a folder, and the files that were skipped. */
export interface ImageListing {
  /** Paths within the folder, sorted by folder, then by name, as in Keras and torchvision. */
  readonly names: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/** How folders are searched. */
export interface ListImagesOptions {
  /** The extensions of images, from `imageEndings`. */
  readonly endings: readonly string[];
  /** Whether to search links to folders as well. */
  readonly followLinks: boolean;
}

/** The extensions of all formats that can be decoded with the installed sharp. */
export async function imageEndings(): Promise<readonly string[]> {
  const sharp = await sharpIfInstalled();
  return [...ENDINGS, ...(sharp === undefined ? ['.avif'] : heifEndings(sharp))];
}

/**
 * Lists the images of a folder and its sub-folders by their extensions, as Keras does. Broken links and pipes with such an extension are
 * listed too, so that reading them reports what is wrong. Folders with such an extension are searched.
 */
export async function listImages(folder: string, options: ListImagesOptions): Promise<ImageListing> {
  const perFolder: { readonly within: string; readonly names: readonly string[] }[] = [];
  const skipped: SkippedFile[] = [];
  const search = async (within: string, parents: readonly string[]): Promise<void> => {
    const here = path.join(folder, within);
    const real = options.followLinks ? await realpath(here).catch(() => here) : here;
    if (parents.includes(real)) {
      skipped.push({ path: here, reason: 'a link leads back to this folder from within it' });
      return;
    }
    const entries = await readdir(here, { withFileTypes: true }).catch((error: unknown) => {
      skipped.push({ path: here, reason: `the folder cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` });
      return [];
    });
    const names: string[] = [];
    const folders: string[] = [];
    for (const entry of entries.sort((a, b) => byCodePoint(a.name, b.name))) {
      if (isHidden(entry.name)) continue;
      const name = path.join(within, entry.name);
      const place = path.join(folder, name);
      if (entry.isDirectory()) folders.push(name);
      else if (entry.isSymbolicLink() && (await isFolder(place))) {
        if (options.followLinks) folders.push(name);
        else skipped.push({ path: place, reason: 'it is a link to a folder. Set followLinks: true to read its images' });
      } else if (hasEnding(entry.name, options.endings) && !entry.name.includes('\uFFFD')) names.push(name);
      else skipped.push({ path: place, reason: await reasonToSkip(place) });
    }
    perFolder.push({ within, names });
    for (const each of folders) await search(each, [...parents, real]);
  };
  await search('', []);
  return { names: perFolder.sort((a, b) => byCodePoint(a.within, b.within)).flatMap((each) => each.names), skipped };
}

/** Whether a path is a folder, or a link to one. */
export function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

export function hasEnding(name: string, endings: readonly string[]): boolean {
  return endings.includes(path.extname(name).toLowerCase());
}

/** Says why a file is skipped: by its extension, or else by its first bytes. */
export async function reasonToSkip(place: string): Promise<string> {
  if (place.includes('\uFFFD')) return 'its name is not valid UTF-8. Rename it';
  const ending = path.extname(place).toLowerCase();
  const noImage = `not an image: ${ending === '' ? 'it has no ending' : ending}`;
  if (isCompanion(place)) return noImage;
  try {
    const other = entryKind(await stat(place));
    if (other !== undefined) return `it is ${other}, not a file`;
    const kind = fileKind(await firstBytes(place), place);
    if (kind === undefined) return noImage;
    return cannotDecode(kind, await sharpIfInstalled()) ?? `it is ${kind.name} by its content, but has no ending of an image. Rename it`;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ELOOP' ? 'it is a link that leads nowhere' : `it cannot be read (${code ?? String(error)})`;
  }
}

/** Whether a skipped file may have been meant as an image, so that a warning should mention it. */
export function mayBeMeant({ path: place }: SkippedFile): boolean {
  return !isCompanion(place);
}

function isCompanion(place: string): boolean {
  return COMPANIONS.has(path.extname(place).toLowerCase()) || COMPANION_NAMES.test(path.basename(place));
}

async function firstBytes(place: string): Promise<Uint8Array> {
  const file = await open(place);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(KIND_BYTES), 0, KIND_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function sharpIfInstalled(): Promise<SharpModule | undefined> {
  return loadSharp('imageFolder').catch(() => undefined);
}

/** Whether a file is hidden, or one that macOS and Windows leave in folders and zip files. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || /^(thumbs\.db|desktop\.ini)$/i.test(name);
}

/** Compares strings as Python does, so that class indices agree with those of Keras and torchvision. */
export function byCodePoint(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Ranks surrogates, which encode the code points above U+FFFF, after all other UTF-16 code units. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
