// Reads one image of a dataset: decodes its file or bytes and preprocesses the pixels. Worker threads call this for readImages.

import { DataError, ShapeError } from '../../core/index.js';
import { check, invalid, rule, text } from '../../core/internal.js';
import { preprocessFor } from '../../image/internal.js';
import type { Pixels, Preprocessing } from '../../image/index.js';
import { decodeImage, MAX_PIXELS, type DecodeImageOptions } from './decodeImage.js';
import { useJpeg } from './decodeJpeg.js';
import { readRegularFileHere } from '../files/internal.js';

/** An encoded image: the path of a file, or its bytes. */
export interface ImageSource {
  readonly path?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
  /** The name of the image, for errors and to seed its random numbers. @defaultValue the path */
  readonly origin?: string | undefined;
}

/** An image file and its class. */
export interface LabeledFile extends ImageSource {
  readonly path: string;
  /** Index into the class names. */
  readonly label: number;
}

const LABELED_FILES = rule<readonly LabeledFile[]>(
  'a non-empty array of { path, label }',
  (value) => Array.isArray(value) && value.length > 0 && Array.from(value).every(isLabeledFile),
);

function isLabeledFile(value: unknown): boolean {
  const { path, label, origin } = (value ?? {}) as Partial<LabeledFile>;
  return text.accepts(path) && Number.isSafeInteger(label) && (origin === undefined || text.accepts(origin));
}

/** Throws unless the value is a list of files with their labels, naming a label that is no integer. */
export function checkLabeledFiles(where: string, files: unknown): asserts files is readonly LabeledFile[] {
  const labels = Array.isArray(files) ? files.map((file) => (file as Partial<LabeledFile> | null | undefined)?.label) : [];
  const at = labels.findIndex((label) => typeof label === 'number' && !Number.isSafeInteger(label));
  if (at >= 0) throw invalid(where, `files[${at}].label`, 'an integer', labels[at]);
  check(where, 'files', files, LABELED_FILES);
}

/** How an image is decoded and, optionally, preprocessed. */
export interface ReadImageSettings {
  readonly decoding: DecodeImageOptions;
  readonly preprocessing?: Preprocessing | undefined;
}

/** Decodes one image on sharp's threads and preprocesses it on this one. */
export async function readImage(source: ImageSource, { decoding, preprocessing }: ReadImageSettings): Promise<Pixels> {
  const { path, bytes, origin } = source;
  const pixels = await (bytes === undefined ? decodeImage(path as string, decoding) : decodeImage(bytes, { ...decoding, origin }));
  return preprocessing === undefined ? pixels : preprocessed(pixels, preprocessing, source);
}

/** {@link readImage} for worker threads: decodes JPEGs synchronously, on the calling thread. */
export async function readImageHere(source: ImageSource, settings: ReadImageSettings): Promise<Pixels> {
  const {
    decoding: { dctMethod = 'accurate', maxPixels = MAX_PIXELS, size },
    preprocessing,
  } = settings;
  const bytes = source.bytes ?? readIfPossible(source.path as string);
  // Left to sharp: it can resize while it decodes, and reports why a file cannot be read.
  if (size !== undefined || bytes === undefined) return readImage(source, settings);
  const pixels = await useJpeg(bytes, dctMethod, maxPixels, (lent) =>
    preprocessing === undefined ? { ...lent, data: lent.data.slice() } : preprocessed(lent, preprocessing, source),
  );
  return pixels ?? readImage({ bytes, origin: source.path ?? source.origin }, settings);
}

/** Preprocesses an image. An image that is too small for it is reported with the name of its file. */
function preprocessed(pixels: Pixels, preprocessing: Preprocessing, { origin, path }: ImageSource): Pixels {
  try {
    return preprocessFor('preprocess', pixels, preprocessing);
  } catch (cause) {
    const name = path ?? origin;
    if (!(cause instanceof ShapeError) || name === undefined) throw cause;
    throw new DataError(`${cause.message} It is '${name}'.`, { cause, origin: name });
  }
}

function readIfPossible(path: string): Uint8Array | undefined {
  try {
    return readRegularFileHere(path);
  } catch {
    return undefined;
  }
}
