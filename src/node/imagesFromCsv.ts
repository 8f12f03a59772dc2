// Labelled pictures from a table: one row a picture, or one row a label.

import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { arrayOf, boolean, check, checkOptions, DataError, either, invalid, list, oneOf, rule, seed as seedRule, text } from '../core/index.js';
import { Dataset, oneHot, type LabelledImage } from '../data/index.js';
import { byCodePoint } from './listImages.js';
import { LABEL_MODES, labelAs, READ_IMAGES_RULES, readImages, type LabelMode, type ReadImagesOptions } from './readImages.js';

type Names = Readonly<Record<string, string>>;

/** How a table of labelled pictures is read. */
export interface ImagesFromCsvOptions extends ReadImagesOptions {
  /** Column of the file names. */
  readonly pathColumn: string;
  /** Column of the labels. */
  readonly labelColumn: string;
  /** Column that tells which pictures belong together, for `groupBy` of a split. @defaultValue none */
  readonly groupColumn?: string;
  /** Folder the file names are relative to; or several, each of which is looked through for every name. @defaultValue the folder of the table */
  readonly folder?: string | readonly string[];
  /** Added to every file name, for example '.jpg' after ids. @defaultValue '' */
  readonly suffix?: string;
  /** Between the columns. @defaultValue ',' */
  readonly delimiter?: string;
  /** Pictures may have several labels: in several rows, or in one cell with `labelSeparator`; labels become several-hot vectors. @defaultValue false */
  readonly multiLabel?: boolean;
  /** Between the labels of one cell. @defaultValue none */
  readonly labelSeparator?: string;
  /** Class names by the ids in the label column. @defaultValue the ids themselves */
  readonly names?: Names;
  /** New names for some classes; several may become one. @defaultValue none */
  readonly relabel?: Names;
  /** Classes whose rows are left out, by their name before relabelling. @defaultValue none */
  readonly exclude?: readonly string[];
  /** The classes and their order. @defaultValue all that occur, sorted */
  readonly classNames?: readonly string[];
  /** 'skip' leaves out pictures that do not exist and lists them in `missing`. @defaultValue 'throw' */
  readonly onMissing?: 'throw' | 'skip';
  /** Label of pictures with one label each. @defaultValue 'categorical' */
  readonly labelMode?: LabelMode;
  /** Another order in every epoch. @defaultValue true */
  readonly shuffle?: boolean;
  /** Decides the order. @defaultValue 0 */
  readonly seed?: number;
}

/** A picture of a table. */
export interface CsvFile {
  readonly path: string;
  /** The cell of the path column. */
  readonly origin: string;
  /** Index of the first label. */
  readonly label: number;
  /** Indices of all labels. */
  readonly labels: readonly number[];
  /** The cell of the group column. */
  readonly group: string | undefined;
}

/** Pictures of a table. */
export interface CsvImages {
  readonly classNames: readonly string[];
  readonly files: readonly CsvFile[];
  /** Paths that do not exist; of several folders, those in the first. */
  readonly missing: readonly string[];
  readonly images: Dataset<LabelledImage>;
}

const names = rule<Names>('an object of names', (value) => typeof value === 'object' && value !== null && Object.values(value).every((name) => typeof name === 'string'));

/**
 * Reads pictures listed in a CSV file with a header; quotes, byte-order mark and Windows line ends are understood.
 *
 * @throws {DataError} when the table or a column is missing, a picture is missing, lies in two of the folders, lies outside the folder by its name, or has several labels
 * without `multiLabel`; or one of several folders cannot be read.
 * @example
 * const { images, classNames } = await imagesFromCsv('train.csv', { pathColumn: 'id', labelColumn: 'breed', folder: 'train', suffix: '.jpg', imageSize: 224 });
 */
export async function imagesFromCsv(file: string, options: ImagesFromCsvOptions): Promise<CsvImages> {
  const where = 'imagesFromCsv';
  check(where, 'file', file, text);
  checkOptions(where, options, {
    ...READ_IMAGES_RULES,
    pathColumn: text, labelColumn: text, groupColumn: text, folder: either(text, arrayOf(text)), suffix: text, delimiter: text, multiLabel: boolean, labelSeparator: text,
    names, relabel: names, exclude: arrayOf(text), classNames: arrayOf(text), onMissing: oneOf('throw', 'skip'), labelMode: LABEL_MODES,
    shuffle: boolean, seed: seedRule,
  });
  check(where, 'pathColumn', options.pathColumn, text);
  check(where, 'labelColumn', options.labelColumn, text);
  const { folder = path.dirname(file), suffix = '', multiLabel = false, onMissing = 'throw', labelMode = 'categorical', shuffle = true, seed = 0 } = options;
  const listed = labelsByImage(await readRows(file, options), options);
  const folders = typeof folder === 'string' ? [folder] : folder;
  if (folders.length === 0) throw invalid(where, 'folder', 'at least one folder', folder);
  const pictures = [...listed.keys()].map((name) => ({ name, picture: `${name}${suffix}` }));
  for (const { picture } of pictures) for (const each of folders) refuseOutside(file, each, picture);
  const places = await placesOf(pictures.map(({ picture }) => picture), folders, file);
  const present = pictures.map(({ name, picture }) => [name, places.get(picture)] as const);
  const missing = pictures.filter(({ picture }) => !places.has(picture)).map(({ picture }) => path.join(folders[0] as string, picture));
  if (missing.length > 0 && onMissing === 'throw') {
    throw new DataError(`${where}: expected every picture of '${file}' to exist, ${missing.length} of ${present.length} do not: ${list(missing.slice(0, 3))}${missing.length > 3 ? ', ...' : ''}. Check \`folder\` and \`suffix\`, or set onMissing: 'skip'.`, { origin: file });
  }
  const classNames = options.classNames ?? [...new Set([...listed.values()].flatMap(({ labels }) => labels))].sort(byCodePoint);
  const files = present.flatMap(([name, place]): CsvFile[] => {
    const { labels, group } = listed.get(name) as Listed;
    if (place === undefined) return [];
    if (labels.length > 1 && !multiLabel) {
      throw new DataError(`${where}: expected one label for '${name}' in '${file}', received ${list(labels)}. Set multiLabel: true for several.`, { origin: file });
    }
    const indices = labels.map((label) => indexOf(label, classNames, file));
    return [{ path: place, origin: name, label: indices[0] as number, labels: indices, group }];
  });
  if (files.length === 0) throw new DataError(`${where}: expected rows with pictures in '${file}', received none.`, { origin: file });
  const ordered = shuffle ? Dataset.from(files).shuffle(files.length, { seed }) : Dataset.from(files);
  const labelled = ordered.map((each) => ({
    path: each.path,
    origin: each.origin,
    label: multiLabel ? oneHot(each.labels, classNames.length) : labelAs(labelMode, each.label, classNames.length),
  }));
  return { classNames, files, missing, images: readImages('imagesFromCsv', labelled, options) };
}

interface Listed {
  readonly labels: string[];
  readonly group: string | undefined;
}

async function readRows(file: string, { pathColumn, labelColumn, groupColumn, delimiter = ',' }: ImagesFromCsvOptions): Promise<Record<string, string>[]> {
  const content = await readFile(file).catch((cause: unknown) => {
    throw new DataError(`imagesFromCsv: expected a CSV file, received '${file}', which cannot be read.`, { cause, origin: file });
  });
  let header: string[] = [];
  const columns = (names: string[]): string[] => (header = names);
  let rows: Record<string, string>[];
  try {
    rows = parse(content, { columns, bom: true, delimiter, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw new DataError(`imagesFromCsv: expected a CSV table with a header in '${file}': ${cause instanceof Error ? cause.message : String(cause)}`, { cause, origin: file });
  }
  for (const column of [pathColumn, labelColumn, ...(groupColumn === undefined ? [] : [groupColumn])]) {
    if (!header.includes(column)) throw new DataError(`imagesFromCsv: expected a column '${column}' in '${file}', received ${list(header)}.`, { origin: file });
  }
  return rows;
}

function labelsByImage(rows: readonly Record<string, string>[], options: ImagesFromCsvOptions): Map<string, Listed> {
  const { pathColumn, labelColumn, groupColumn, labelSeparator, names = {}, relabel = {}, exclude = [] } = options;
  const listed = new Map<string, Listed>();
  for (const row of rows) {
    const cell = row[labelColumn] as string;
    const labels = (labelSeparator === undefined ? [cell] : cell.split(labelSeparator))
      .map((id) => renamed(id.trim(), names))
      .filter((name) => name !== '' && !exclude.includes(name))
      .map((name) => renamed(name, relabel));
    if (labels.length === 0) continue;
    const image = row[pathColumn] as string;
    const entry = listed.get(image) ?? { labels: [], group: groupColumn === undefined ? undefined : row[groupColumn] };
    for (const label of labels) if (!entry.labels.includes(label)) entry.labels.push(label);
    listed.set(image, entry);
  }
  return listed;
}

/** Only an object's own names: a class may well be called `constructor`. */
function renamed(name: string, names: Names): string {
  return Object.hasOwn(names, name) ? (names[name] as string) : name;
}

function indexOf(label: string, classNames: readonly string[], file: string): number {
  const index = classNames.indexOf(label);
  if (index < 0) throw new DataError(`imagesFromCsv: expected labels of '${file}' among ${list(classNames)}, received '${label}'.`, { origin: file });
  return index;
}

/** A table from elsewhere must not reach for other files. */
function refuseOutside(file: string, folder: string, name: string): void {
  const within = path.relative(folder, path.resolve(folder, name));
  if (within !== '' && within !== '..' && !within.startsWith(`..${path.sep}`) && !path.isAbsolute(within)) return;
  throw new DataError(`imagesFromCsv: expected file names within '${folder}', received '${name}' in '${file}'. Set \`folder\` to one that holds all pictures.`, { origin: file });
}

/** Where each file lies, for those that do. Several folders are listed once each: asking for every name in every folder takes minutes for large sets. */
async function placesOf(names: readonly string[], folders: readonly string[], table: string): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  if (folders.length === 1) {
    await Promise.all(names.map(async (name) => {
      const place = path.join(folders[0] as string, name);
      if (await exists(place)) places.set(name, place);
    }));
    return places;
  }
  const recursive = names.some((name) => path.dirname(name) !== '.');
  const listings = await Promise.all(folders.map(async (folder) => {
    const found = await readdir(folder, { recursive }).catch((cause: unknown) => {
      throw new DataError(`imagesFromCsv: expected a folder that can be read, received '${folder}'.`, { cause, origin: folder });
    });
    return { folder, found: new Set(found) };
  }));
  for (const name of names) {
    const within = listings.filter(({ found }) => found.has(path.normalize(name))).map(({ folder }) => path.join(folder, name));
    if (within.length > 1) {
      throw new DataError(`imagesFromCsv: expected one picture '${name}' of '${table}', received ${list(within)}. Give folders that hold no name twice.`, { origin: name });
    }
    if (within.length === 1) places.set(name, within[0] as string);
  }
  return places;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
