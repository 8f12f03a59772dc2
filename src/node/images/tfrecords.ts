// Reads TFRecord files, several at once. writeTFRecords.ts writes them.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { glob } from 'tinyglobby';
import { arrayOf, boolean, check, checkOptions, either, invalid, oneOf, positiveInteger, rule, text } from '../../core/internal.js';
import { DataError } from '../../core/index.js';
import { checkSchema } from '../../data/internal.js';
import {
  Dataset,
  decodeExample,
  parseExample,
  readTFRecords,
  type LabeledImage,
  type RecordOf,
  type RecordSchema,
} from '../../data/index.js';
import { byCodePoint } from './listImages.js';
import { labelAs, LABEL_MODES, type LabeledImagesOptions } from './labeledImages.js';
import { READ_IMAGES_RULES, readImages, type ReadImagesOptions } from './readImages.js';
import { systemReason } from '../files/internal.js';

/** Options of {@link tfrecordDataset}. */
export interface TFRecordDatasetOptions {
  /** 'auto' detects gzip by the first bytes of each file. @defaultValue 'auto' */
  readonly compression?: 'auto' | 'gzip' | 'none' | undefined;
  /** Whether to verify the checksum of every record. @defaultValue true */
  readonly verify?: boolean | undefined;
  /** A record whose header states more bytes is refused before they are read. @defaultValue 1,073,741,824 (1 GiB) */
  readonly maxRecordBytes?: number | undefined;
  /** Number of files to read at once. Their records are interleaved. @defaultValue 4 */
  readonly cycleLength?: number | undefined;
}

export const DATASET = rule<Dataset<unknown>>('a Dataset', (value) => value instanceof Dataset);

/**
 * Reads the records of TFRecord files according to a schema.
 *
 * @param patterns - Paths or globs. The files are read in sorted order.
 * @throws {OptionError} when an argument or option has a wrong value.
 * @throws {DataError} when no file matches. While reading, when a record is damaged or does not fit the schema; the message names the file
 *   and the offset.
 * @example
 * const records = await tfrecordDataset('imagenet/train-*', RECORD_SCHEMAS.imagenet);
 * const batches = imageBatches(recordImages(records, { classes: 1000, inputSize: 224 }));
 */
export async function tfrecordDataset<const S extends RecordSchema>(
  patterns: string | readonly string[],
  schema: S,
  options: TFRecordDatasetOptions = {},
): Promise<Dataset<RecordOf<S> & { readonly origin: string }>> {
  check('tfrecordDataset', 'patterns', patterns, either(text, arrayOf(text)));
  if (patterns.length === 0) throw invalid('tfrecordDataset', 'patterns', 'at least one path or glob', patterns);
  checkSchema('tfrecordDataset', schema);
  const rules = {
    compression: oneOf('auto', 'gzip', 'none'),
    verify: boolean,
    maxRecordBytes: positiveInteger,
    cycleLength: positiveInteger,
  };
  const { compression = 'auto', verify = true, maxRecordBytes, cycleLength = 4 } = checkOptions('tfrecordDataset', options, rules);
  const given = typeof patterns === 'string' ? [patterns] : patterns;
  const found = await Promise.all(
    given.map((pattern) => glob(pattern.split(path.sep).join('/'), { absolute: path.isAbsolute(pattern), expandDirectories: false })),
  );
  const files = found.flat().sort(byCodePoint);
  if (files.length === 0) throw new DataError(`tfrecordDataset: expected record files, '${given.join("', '")}' fits none.`);
  // Sizes are part of the dataset's fingerprint, because a file that is rewritten may contain other records.
  const sized = await Promise.all(
    files.map(async (file) => ({
      path: file,
      origin: path.basename(file),
      bytes: (
        await stat(file).catch((cause: unknown) => {
          throw unreadable(file, cause);
        })
      ).size,
    })),
  );
  return Dataset.from(sized).interleave(
    ({ path: file }) =>
      Dataset.from(async function* () {
        for await (const { data, offset } of readTFRecords(await openRecords(file, compression), {
          origin: file,
          verify,
          maxRecordBytes,
        })) {
          const origin = `${file}@${offset}`;
          yield { ...parseExample(await decodeExample(data, origin), schema, origin), origin };
        }
      }),
    { cycleLength },
  );
}

/** A record with an image, as all schemas of `RECORD_SCHEMAS` return it. */
export interface ImageRecord {
  /** The encoded image. */
  readonly image: Uint8Array;
  /** Class index from 0. */
  readonly label: number;
  readonly origin: string;
}

/** Options of {@link recordImages}. */
export interface RecordImagesOptions extends ReadImagesOptions, Pick<LabeledImagesOptions, 'labelMode'> {
  /** Number of classes, for one-hot labels. */
  readonly classes: number;
}

/**
 * Decodes the images of records.
 *
 * @throws {OptionError} when `records` is not a Dataset, or an option is unknown, missing or has a wrong value. {@link DataError} while
 *   reading, when a label is not one of the classes.
 */
export function recordImages(records: Dataset<ImageRecord>, options: RecordImagesOptions): Dataset<LabeledImage> {
  check('recordImages', 'records', records, DATASET);
  checkOptions('recordImages', options, { ...READ_IMAGES_RULES, classes: positiveInteger, labelMode: LABEL_MODES });
  check('recordImages', 'classes', options.classes, positiveInteger);
  const { classes, labelMode = 'categorical' } = options;
  return readImages(
    'recordImages',
    records.map(({ image, label, origin }) => ({
      bytes: image,
      origin,
      label: labelAs(labelMode, label, classes, 'recordImages', origin),
    })),
    options,
  );
}

async function openRecords(file: string, compression: 'auto' | 'gzip' | 'none'): Promise<AsyncIterable<Uint8Array>> {
  const isGzip =
    compression === 'gzip' ||
    (compression === 'auto' &&
      (await startsAsGzip(file).catch((cause: unknown) => {
        throw unreadable(file, cause);
      })));
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  if (!isGzip) return named(stream, file);
  const unzipped = createGunzip();
  stream.on('error', (error) => unzipped.destroy(error));
  return named(stream.pipe(unzipped), file);
}

async function* named(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/**
 * Detects gzip by its first three bytes. A TFRecord file starts with a length, so it can be mistaken for gzip only when its first record
 * has 559,903 bytes, or a multiple of 2^24 more.
 */
async function startsAsGzip(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { start: 0, end: 3 })) {
    const [first, second, method] = chunk as Uint8Array;
    return first === 0x1f && second === 0x8b && method === 8;
  }
  return false;
}

function unreadable(file: string, cause: unknown): DataError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const damaged = code.startsWith('Z_');
  return new DataError(
    `tfrecordDataset: expected ${damaged ? 'an intact gzip file' : 'a record file that can be read'}, received '${file}': ` +
      `${damaged ? message : systemReason(cause)}.`,
    { cause, origin: file },
  );
}
