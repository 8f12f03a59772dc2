// Writes a dataset as TFRecord files. tfrecords.ts reads them.

import { callable, check, checkOptions, oneOf, positiveInteger, text, trackProgress } from '../../core/internal.js';
import { DataError, type ProgressListener } from '../../core/index.js';
import { checkEnds, checkSchema, formatExampleFor } from '../../data/internal.js';
import { encodeExample, frameTFRecord, type Dataset, type RecordOf, type RecordSchema } from '../../data/index.js';
import { openFileWriter, unwritable, type FileWriter } from '../files/internal.js';
import { DATASET } from './tfrecords.js';

/** Options of {@link writeTFRecords}. */
export interface WriteTFRecordsOptions {
  /** Number of files. Records are distributed to them in turn. @defaultValue 1 */
  readonly shards?: number | undefined;
  /** How the files are compressed. @defaultValue 'none' */
  readonly compression?: 'gzip' | 'none' | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * Writes a dataset as TFRecord files `PREFIX-00000-of-00004`, which TensorFlow can read. The files appear when all are complete. Missing
 * folders are created.
 *
 * @returns The paths of the files, in order.
 * @throws {OptionError} when an argument or option has a wrong value.
 * @throws {DataError} when the dataset is empty or a file cannot be written, for example because the disk is full. No files are left behind
 *   then.
 * @example
 * const written = await writeTFRecords(records, RECORD_SCHEMAS.flat, 'out/train', { shards: 4 });
 */
export async function writeTFRecords<const S extends RecordSchema>(
  records: Dataset<RecordOf<S>>,
  schema: S,
  prefix: string,
  options: WriteTFRecordsOptions = {},
): Promise<string[]> {
  check('writeTFRecords', 'records', records, DATASET);
  checkEnds('writeTFRecords', 'records', records);
  checkSchema('writeTFRecords', schema);
  check('writeTFRecords', 'prefix', prefix, text);
  const rules = { shards: positiveInteger, compression: oneOf('gzip', 'none'), onProgress: callable };
  const { shards = 1, compression = 'none', onProgress } = checkOptions('writeTFRecords', options, rules);
  const ending = compression === 'gzip' ? '.gz' : '';
  const names = Array.from(
    { length: shards },
    (_, i) => `${prefix}-${String(i).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}${ending}`,
  );
  const advance = trackProgress(onProgress, 'records', 'records', Number.isFinite(records.size) ? records.size : undefined);
  if (records.size === 0) throw nothingToWrite();
  const writers: FileWriter[] = [];
  try {
    for (const name of names)
      writers.push(await openFileWriter(name, unwritable('writeTFRecords', 'file', name), { gzip: compression === 'gzip' }));
    let count = 0;
    for await (const record of records) {
      const example = formatExampleFor('writeTFRecords', `records[${count}]`, record, schema);
      await (writers[count % shards] as FileWriter).add(frameTFRecord(await encodeExample(example)));
      advance(++count);
    }
    if (count === 0) throw nothingToWrite();
    advance.end();
    await Promise.all(writers.map((writer) => writer.end()));
    for (const writer of writers) await writer.commit();
  } catch (error) {
    await Promise.all(writers.map((writer) => writer.discard()));
    throw error;
  }
  return names;
}

function nothingToWrite(): DataError {
  return new DataError('writeTFRecords: expected at least one record to write, received an empty dataset.');
}
