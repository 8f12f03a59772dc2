// Summarizes a list of labeled files, to find problems before training.

import { createHash } from 'node:crypto';
import { callable, check, checkOptions, trackProgress } from '../../core/internal.js';
import { DataError, type ProgressListener } from '../../core/index.js';
import { Dataset } from '../../data/index.js';
import { decodeImage } from './decodeImage.js';
import { byCodePoint } from './listImages.js';
import { checkLabeledFiles, type LabeledFile } from './readImage.js';
import { CLASS_NAMES } from './labeledImages.js';
import { readRegularFile } from '../files/internal.js';

/** The summary of a list of labeled files. */
export interface ImagesSummary {
  readonly images: number;
  /** Number of images per class, including broken ones. */
  readonly counts: readonly { readonly className: string; readonly count: number }[];
  /** Minimum, median and maximum width in pixels, over the images that can be decoded. */
  readonly width: readonly [low: number, median: number, high: number];
  /** The same for the height. */
  readonly height: readonly [low: number, median: number, high: number];
  /** Groups of files with equal content, each sorted. A group is `conflicting` when its files are in several classes. */
  readonly duplicates: readonly { readonly files: readonly string[]; readonly conflicting: boolean }[];
  /** Files that cannot be decoded, with the reason. */
  readonly broken: readonly { readonly file: string; readonly error: DataError }[];
}

/** Options of {@link summarizeImages}. */
export interface SummarizeImagesOptions {
  /** Called after every image. @defaultValue none */
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * Decodes every image to count classes, measure sizes, and find duplicates (by content) and broken files.
 *
 * @throws {OptionError} when an argument or option has a wrong value. {@link DataError} when a label has no class name.
 * @throws {MissingPackageError} when sharp is not installed.
 * @example
 * const { files, classNames } = await imageFolder('photos');
 * const { duplicates, broken } = await summarizeImages(files, classNames, { onProgress: progressBar() });
 */
export async function summarizeImages(
  files: readonly LabeledFile[],
  classNames: readonly string[],
  options: SummarizeImagesOptions = {},
): Promise<ImagesSummary> {
  checkLabeledFiles('summarizeImages', files);
  check('summarizeImages', 'classNames', classNames, CLASS_NAMES);
  const { onProgress } = checkOptions('summarizeImages', options, { onProgress: callable });
  const unnamed = files.find(({ label }) => label >= classNames.length);
  if (unnamed !== undefined) {
    throw new DataError(
      `summarizeImages: expected labels below ${classNames.length}, the number of class names, ` +
        `received ${unnamed.label} of '${unnamed.path}'.`,
      { origin: unnamed.path },
    );
  }
  const advance = trackProgress(onProgress, 'summary', 'images', files.length);
  const broken: { file: string; error: DataError }[] = [];
  const byHash = new Map<string, LabeledFile[]>();
  const [widths, heights]: [number[], number[]] = [[], []];
  let done = 0;
  const sizes = Dataset.from(files).map(
    async (file) => {
      // If the file cannot be read, decodeImage reports why.
      const bytes = await readRegularFile(file.path).catch(() => undefined);
      const hash = bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
      const size = await decodeImage(bytes ?? file.path, { origin: file.path }).then(
        ({ width, height }) => ({ width, height }),
        (error: unknown) => {
          if (error instanceof DataError) return { error };
          throw error;
        },
      );
      return { file, hash, size };
    },
    { concurrency: 'auto' },
  );
  for await (const { file, hash, size } of sizes) {
    if (hash !== undefined) byHash.set(hash, [...(byHash.get(hash) ?? []), file]);
    if ('error' in size) broken.push({ file: file.path, error: size.error });
    else {
      widths.push(size.width);
      heights.push(size.height);
    }
    advance(++done);
  }
  const duplicates = [...byHash.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      files: group.map((file) => file.path).sort(byCodePoint),
      conflicting: new Set(group.map((file) => file.label)).size > 1,
    }));
  const counts = classNames.map((className, label) => ({ className, count: files.filter((file) => file.label === label).length }));
  return { images: files.length, counts, width: spread(widths), height: spread(heights), duplicates, broken };
}

function spread(values: number[]): [number, number, number] {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return [at(0), at(0.5), at(1)];
}
