// TFRecord files on disk: shards read side by side, and written from any dataset.

import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { glob } from 'tinyglobby';
import { boolean, check, checkOptions, DataError, either, arrayOf, oneOf, positiveInteger, text, type ProgressListener, callable, trackProgress } from '../core/index.js';
import {
  Dataset, decodeExample, encodeExample, formatExample, frameTFRecord, parseExample, readTFRecords,
  type LabeledImage, type RecordOf, type RecordSchema,
} from '../data/index.js';
import { byCodePoint } from './listImages.js';
import { labelAs, LABEL_MODES, READ_IMAGES_RULES, readImages, type LabelMode, type ReadImagesOptions } from './readImages.js';
import { systemReason } from './systemReason.js';

/** How record files are read. */
export interface TFRecordDatasetOptions {
  /** 'auto' tells by the first bytes of each file. @defaultValue 'auto' */
  readonly compression?: 'auto' | 'gzip' | 'none' | undefined;
  /** Checks every record's checksum. @defaultValue true */
  readonly verify?: boolean | undefined;
  /** A record that claims to be longer is refused before its bytes are taken. @defaultValue 1,073,741,824, one GiB */
  readonly maxRecordBytes?: number | undefined;
  /** Files read side by side, a record of each in turn. @defaultValue 4 */
  readonly cycleLength?: number | undefined;
}

/**
 * Reads the records of TFRecord files by a schema.
 *
 * @param patterns - Paths or globs; files come in sorted order.
 * @throws {DataError} when no file fits; while reading, naming file and offset, when a record is damaged or does not fit the schema.
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
  const rules = { compression: oneOf('auto', 'gzip', 'none'), verify: boolean, maxRecordBytes: positiveInteger, cycleLength: positiveInteger };
  const { compression = 'auto', verify = true, maxRecordBytes, cycleLength = 4 } = checkOptions('tfrecordDataset', options, rules);
  const limit = maxRecordBytes === undefined ? {} : { maxRecordBytes };
  const given = typeof patterns === 'string' ? [patterns] : patterns;
  const found = await Promise.all(given.map((pattern) => glob(pattern.split(path.sep).join('/'), { absolute: path.isAbsolute(pattern), expandDirectories: false })));
  const files = found.flat().sort(byCodePoint);
  if (files.length === 0) throw new DataError(`tfrecordDataset: expected record files, '${given.join("', '")}' fits none.`);
  // Sizes are part of the dataset's fingerprint: a file written anew has other records.
  const sized = await Promise.all(files.map(async (file) => ({ path: file, origin: path.basename(file), bytes: (await stat(file)).size })));
  return Dataset.from(sized).interleave(
    ({ path: file }) =>
      Dataset.from(async function* () {
        for await (const { data, offset } of readTFRecords(await openRecords(file, compression), { origin: file, verify, ...limit })) {
          const origin = `${file}@${offset}`;
          yield { ...parseExample(await decodeExample(data, origin), schema, origin), origin };
        }
      }),
    { cycleLength },
  );
}

/** A record of a picture: all known schemas give such. */
export interface ImageRecord {
  /** An encoded picture. */
  readonly image: Uint8Array;
  /** Class index from 0. */
  readonly label: number;
  readonly origin: string;
}

/** How pictures in records are read. */
export interface RecordImagesOptions extends ReadImagesOptions {
  /** Number of classes, for one-hot labels. */
  readonly classes: number;
  /** @defaultValue 'categorical' */
  readonly labelMode?: LabelMode | undefined;
}

/** Decodes the pictures of records. @throws {DataError} while reading, when a label is none of the classes. */
export function recordImages(records: Dataset<ImageRecord>, options: RecordImagesOptions): Dataset<LabeledImage> {
  checkOptions('recordImages', options, { ...READ_IMAGES_RULES, classes: positiveInteger, labelMode: LABEL_MODES });
  check('recordImages', 'classes', options.classes, positiveInteger);
  const { classes, labelMode = 'categorical' } = options;
  return readImages('recordImages', records.map(({ image, label, origin }) => ({ bytes: image, origin, label: labelAs(labelMode, label, classes, 'recordImages', origin) })), options);
}

/** How records are written. */
export interface WriteTFRecordsOptions {
  /** Number of files; records go to them in turn. @defaultValue 1 */
  readonly shards?: number | undefined;
  /** @defaultValue 'none' */
  readonly compression?: 'gzip' | 'none' | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * Writes a dataset as TFRecord files `PREFIX-00000-of-00004`, which TensorFlow reads; none is there before all are complete.
 *
 * @returns The paths, in order.
 * @throws {DataError} when a file cannot be written, for example because the disk is full; nothing is left then.
 * @example
 * const written = await writeTFRecords(records, RECORD_SCHEMAS.flat, 'out/train', { shards: 4 });
 */
export async function writeTFRecords<const S extends RecordSchema>(
  records: Dataset<RecordOf<S>>,
  schema: S,
  prefix: string,
  options: WriteTFRecordsOptions = {},
): Promise<string[]> {
  check('writeTFRecords', 'prefix', prefix, text);
  const rules = { shards: positiveInteger, compression: oneOf('gzip', 'none'), onProgress: callable };
  const { shards = 1, compression = 'none', onProgress } = checkOptions('writeTFRecords', options, rules);
  await mkdir(path.dirname(prefix), { recursive: true }).catch((cause: unknown) => { throw unwritable(prefix, cause); });
  const ending = compression === 'gzip' ? '.gz' : '';
  const names = Array.from({ length: shards }, (_, i) => `${prefix}-${String(i).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}${ending}`);
  const writers = names.map((name) => openWriter(`${name}.partial`, compression));
  const advance = trackProgress(onProgress, 'records', 'records', Number.isFinite(records.size) ? records.size : undefined);
  try {
    let count = 0;
    for await (const record of records) {
      await (writers[count % shards] as Writer).add(frameTFRecord(await encodeExample(formatExample(record, schema))));
      advance(++count);
    }
    advance.end();
    await Promise.all(writers.map((writer) => writer.close()));
  } catch (error) {
    await Promise.allSettled(writers.map((writer) => writer.close()));
    await Promise.all(names.map((name) => rm(`${name}.partial`, { force: true })));
    throw error;
  }
  for (const name of names) await rename(`${name}.partial`, name);
  return names;
}

async function openRecords(file: string, compression: 'auto' | 'gzip' | 'none'): Promise<AsyncIterable<Uint8Array>> {
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  if (compression === 'none' || (compression === 'auto' && !(await startsAsGzip(file)))) return stream;
  const unzipped = createGunzip();
  stream.on('error', (error) => unzipped.destroy(error));
  return named(stream.pipe(unzipped), file);
}

async function* named(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    throw new DataError(`tfrecordDataset: expected an intact gzip file, received '${file}': ${(cause as Error).message}.`, { cause, origin: file });
  }
}

/** A record file begins with a length of 8 bytes; one that begins as gzip does would hold a first record of more than 2^34 bytes or of 35,615. */
async function startsAsGzip(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { start: 0, end: 3 })) {
    const [first, second, method] = chunk as Uint8Array;
    return first === 0x1f && second === 0x8b && method === 8;
  }
  return false;
}

function unwritable(file: string, cause: unknown): DataError {
  return new DataError(`writeTFRecords: expected a file that can be written, received '${file}': ${systemReason(cause)}.`, { cause, origin: file });
}

interface Writer {
  add(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function openWriter(file: string, compression: 'gzip' | 'none'): Writer {
  const disk = createWriteStream(file);
  const entrance = compression === 'gzip' ? createGzip() : disk;
  if (entrance !== disk) (entrance as ReturnType<typeof createGzip>).pipe(disk);
  const done = finished(disk).catch((cause: unknown) => { throw unwritable(file, cause); });
  done.catch(() => undefined);
  return {
    async add(bytes) {
      // An error of the stream is told by `done`, with the file's name.
      if (!entrance.write(bytes)) await Promise.race([once(entrance, 'drain').catch(() => done), done]);
    },
    async close() {
      entrance.end();
      await done;
    },
  };
}
