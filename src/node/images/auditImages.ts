// Audits folders and lists of image files.

import { createHash } from 'node:crypto';
import { DataError } from '../../core/index.js';
import { check, checkOptions, differentTexts, either, record, text } from '../../core/internal.js';
import { Dataset } from '../../data/index.js';
import type { Audit, AuditableImage, AuditOptions } from '../../evaluation/audit/index.js';
import { AUDIT_RULES, auditFor, checkFeatures } from '../../evaluation/audit/internal.js';
import { decodeImage } from './decodeImage.js';
import { imageFolder } from './imageFolder.js';
import { jpegFrame } from './jpegFrame.js';
import { loadSharp } from './loadSharp.js';
import { checkLabeledFiles, type LabeledFile } from './readImage.js';
import { readRegularFile } from '../files/internal.js';

/** Images to audit: a folder with one sub-folder per class, or files with labels, as `imageFolder` and `imagesFromCsv` list them. */
export type AuditSource = string | { readonly files: readonly LabeledFile[]; readonly classNames?: readonly string[] | undefined };

/** Options of {@link auditImages}. */
export interface AuditImagesOptions extends AuditOptions {
  /**
   * Class names in the order of the labels.
   * @defaultValue those of the data
   */
  readonly classNames?: readonly string[] | undefined;
  /** Validation images with the same classes. Copies of training images among them are reported. @defaultValue none */
  readonly validation?: AuditSource | undefined;
}

const source = either(text, record);

/**
 * Looks for problems in labeled image files, and says what to do about each: wrong labels, copies (also between training and validation),
 * outliers, broken, blurred, dark, overexposed, tiny and odd images, other color modes and orientations, small and overlapping classes.
 * It also measures how accuracy grows with the number of images.
 *
 * Each file is read and decoded once. Broken files are a finding, not an error. Memory grows by about 6 kB per image.
 *
 * @param data - A folder with one sub-folder per class, or `{ files, classNames }`, as `imageFolder` and `imagesFromCsv` return them.
 * @returns Plain data, which `JSON.stringify` can store.
 * @throws {OptionError} when an argument or option is unknown or invalid, or the preprocessing of `features` is unknown.
 * @throws {DataError} when a folder cannot be listed, a label has no class name, or fewer than two images can be decoded.
 * @throws {MissingPackageError} when sharp is not installed.
 * @throws {BackendError} when no backend is ready.
 * @example
 * const audit = await auditImages('photos', { features: await pretrained('lite0'), runtime: createRuntime, onProgress: progressBar() });
 * for (const { kind, images, advice } of audit.findings) console.log(`${kind} (${images.length}): ${advice}`);
 */
export async function auditImages(data: AuditSource, options: AuditImagesOptions): Promise<Audit> {
  const where = 'auditImages';
  check(where, 'data', data, source);
  const { classNames: given, validation } = checkOptions(where, options, {
    ...AUDIT_RULES,
    classNames: differentTexts,
    validation: source,
  });
  for (const each of [data, validation]) if (typeof each === 'object') checkLabeledFiles(where, each.files);
  await checkFeatures(where, options);
  const sharp = await loadSharp(where);
  const train = typeof data === 'string' ? await imageFolder(data, { classNames: given }) : data;
  const classNames = given ?? train.classNames;
  check(where, 'classNames', classNames, differentTexts, 'Pass them, or data that has them.');
  const held = typeof validation === 'string' ? await imageFolder(validation, { classNames }) : validation;
  const files = [
    ...train.files.map((file) => ({ ...file, part: 'train' as const })),
    ...(held?.files ?? []).map((file) => ({ ...file, part: 'validation' as const })),
  ];
  const unnamed = files.find(({ label }) => label < 0 || label >= classNames.length);
  if (unnamed !== undefined) {
    throw new DataError(
      `${where}: expected labels from 0 to ${classNames.length - 1}, for ${classNames.length} class names, ` +
        `received ${unnamed.label} of '${unnamed.path}'.`,
      { origin: unnamed.path },
    );
  }
  const images = Dataset.from(files).map((file) => read(file, sharp), { concurrency: 'auto', varies: false });
  const { validation: _validation, ...rest } = options;
  return auditFor(where, images, { ...rest, classNames });
}

async function read(
  { path, label, part }: LabeledFile & Pick<AuditableImage, 'part'>,
  sharp: Awaited<ReturnType<typeof loadSharp>>,
): Promise<AuditableImage> {
  // If the file cannot be read, decodeImage reports why.
  const bytes = await readRegularFile(path).catch(() => undefined);
  const digest = bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
  const common = { label, origin: path, part, digest };
  try {
    const pixels = await decodeImage(bytes ?? path, { origin: path });
    return { ...common, pixels, ...(bytes === undefined ? {} : await headerFacts(bytes, sharp)) };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { ...common, pixels: undefined, error: error.message };
  }
}

/** Reads color mode and orientation from the header. sharp cannot read that of BMP and Netpbm files, which have neither CMYK nor EXIF. */
async function headerFacts(
  bytes: Uint8Array,
  sharp: Awaited<ReturnType<typeof loadSharp>>,
): Promise<Pick<AuditableImage, 'colorMode' | 'orientation'>> {
  const isCmykJpeg = jpegFrame(bytes)?.components === 4;
  const { space, orientation } = await sharp(bytes)
    .metadata()
    .catch(() => ({ space: undefined, orientation: undefined }));
  const isGray = space === 'b-w' || space === 'grey16';
  return { colorMode: isCmykJpeg || space === 'cmyk' ? 'cmyk' : isGray ? 'gray' : 'rgb', orientation: orientation ?? 1 };
}
