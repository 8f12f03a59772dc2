// Looks for problems in labeled images: wrong labels, copies, bad images and classes that are hard to tell apart.

import * as tfl from '@tensorflow/tfjs-layers';
import { DataError } from '../../core/index.js';
import {
  anything,
  arrayOf,
  callable,
  check,
  checkOptions,
  differentTexts,
  integerFrom,
  invalid,
  oneOf,
  positiveInteger,
  seed as seedRule,
  signal as signalRule,
} from '../../core/internal.js';
import { anotherCopy } from '../../backends/internal.js';
import { checkEnds, preprocessingOfData, readable } from '../../data/internal.js';
import { checkFiniteWeights, checkModel } from '../../models/internal.js';
import { inputPreprocessing, preprocessingSource } from '../predict/internal.js';
import type { AuditableImage, Audit, AuditDatasetOptions, AuditOptions } from './audit.js';
import { AUDIT_CHECKS } from './auditChecks.js';
import { auditEntries } from './auditEntries.js';
import { readEntries } from './readEntries.js';

export const AUDIT_RULES = {
  features: anything,
  runtime: callable,
  preprocessing: preprocessingSource,
  checks: arrayOf(oneOf(...AUDIT_CHECKS)),
  folds: integerFrom(2),
  seed: seedRule,
  batchSize: positiveInteger,
  onProgress: callable,
  signal: signalRule,
};

/** Throws unless the features come from a model of this library whose preprocessing is known, and that can be computed with. */
export async function checkFeatures(where: string, { features, preprocessing }: AuditOptions): Promise<void> {
  checkModel(where, features, 'features');
  if (!(features instanceof tfl.LayersModel)) throw anotherCopy(where, 'a model');
  inputPreprocessing(where, features, preprocessing);
  await checkFiniteWeights(where, features, 'Load them again.');
}

/**
 * Audits images that are decoded already, in Node and in browsers: it finds wrong labels, copies, bad images and classes that overlap, and
 * says what to do. `auditImages` of `effnet-ts/node` reads folders and files.
 *
 * Each image is read once. Memory grows by about 6 kB per image with 1280 features.
 *
 * @param images - Images of any size with pixels in [0, 255]. Broken images have an `error` instead of pixels.
 * @returns Plain data, which `JSON.stringify` can store.
 * @throws {OptionError} when an option is unknown or invalid, an item is not an image, the data never ends, or the preprocessing is
 *   unknown.
 * @throws {DataError} when fewer than two images can be decoded, a label is not one of `classNames`, or pixels or features are not finite.
 * @throws {ShapeError} when an image does not have the channels that the network takes.
 * @throws {BackendError} when no backend is ready.
 * @example
 * const paths = ['photos/hat/1.jpg', 'photos/shoes/1.jpg'];
 * const images = Dataset.from(paths).map(async (path) => ({ pixels: await decodeImage(path), label: paths.indexOf(path), origin: path }));
 * const { findings } = await auditDataset(images, { classNames: ['hat', 'shoes'], features: await pretrained('lite0') });
 * for (const { kind, advice } of findings) console.log(`${kind}: ${advice}`);
 * @see Confident Learning, arXiv 1911.00068, for wrong labels
 */
export async function auditDataset(
  images: AsyncIterable<AuditableImage> | Iterable<AuditableImage>,
  options: AuditDatasetOptions,
): Promise<Audit> {
  const where = 'auditDataset';
  check(where, 'images', images, readable);
  checkOptions(where, options, { ...AUDIT_RULES, classNames: differentTexts });
  check(where, 'classNames', options.classNames, differentTexts);
  checkEnds(where, 'images', images);
  if (preprocessingOfData(where, images) !== undefined) {
    throw invalid(where, 'images', 'images in their original size', images, 'Read them without `preprocessing` and `inputSize`.');
  }
  await checkFeatures(where, options);
  return auditFor(where, images, options);
}

/** Audits images for another function, whose options have been checked. Errors name that function. */
export async function auditFor(
  where: string,
  images: AsyncIterable<AuditableImage> | Iterable<AuditableImage>,
  options: AuditDatasetOptions,
): Promise<Audit> {
  const entries = await readEntries(where, images, options);
  const decoded = entries.filter(({ measures }) => measures !== undefined).length;
  if (decoded < 2) {
    const broken = entries.find(({ error }) => error !== undefined)?.error;
    throw new DataError(
      `${where}: expected at least two images that can be decoded, received ${decoded}.${broken === undefined ? '' : ` First: ${broken}`}`,
    );
  }
  return auditEntries(entries, options);
}
