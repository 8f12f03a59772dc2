// TFRecord files written from any dataset. Reading them: tfrecords.ts.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { callable, check, checkOptions, oneOf, positiveInteger, text, trackProgress } from '../../core/internal.js';
import { DataError, type ProgressListener } from '../../core/index.js';
import { checkEnds, checkSchema, formatExampleFor } from '../../data/internal.js';
import { encodeExample, frameTFRecord, type Dataset, type RecordOf, type RecordSchema } from '../../data/index.js';
import { systemReason } from '../files/internal.js';
import { DATASET } from './tfrecords.js';

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
 * @throws {OptionError} when an argument or option has a wrong value, the dataset never ends, or a record does not fit the schema.
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
  check('writeTFRecords', 'records', records, DATASET);
  checkEnds('writeTFRecords', 'records', records);
  checkSchema('writeTFRecords', schema);
  check('writeTFRecords', 'prefix', prefix, text);
  const rules = { shards: positiveInteger, compression: oneOf('gzip', 'none'), onProgress: callable };
  const { shards = 1, compression = 'none', onProgress } = checkOptions('writeTFRecords', options, rules);
  await mkdir(path.dirname(prefix), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(prefix, cause);
  });
  const ending = compression === 'gzip' ? '.gz' : '';
  const names = Array.from(
    { length: shards },
    (_, i) => `${prefix}-${String(i).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}${ending}`,
  );
  const writers = names.map((name) => openWriter(`${name}.partial`, compression));
  const advance = trackProgress(onProgress, 'records', 'records', Number.isFinite(records.size) ? records.size : undefined);
  try {
    let count = 0;
    for await (const record of records) {
      const example = formatExampleFor('writeTFRecords', `records[${count}]`, record, schema);
      await (writers[count % shards] as Writer).add(frameTFRecord(await encodeExample(example)));
      advance(++count);
    }
    advance.end();
    await Promise.all(writers.map((writer) => writer.close()));
  } catch (error) {
    await Promise.allSettled(writers.map((writer) => writer.close()));
    await Promise.all(names.map((name) => rm(`${name}.partial`, { force: true })));
    throw error;
  }
  for (const name of names)
    await rename(`${name}.partial`, name).catch((cause: unknown) => {
      throw unwritable(name, cause);
    });
  return names;
}

function unwritable(file: string, cause: unknown): DataError {
  return new DataError(`writeTFRecords: expected a file that can be written, received '${file}': ${systemReason(cause)}.`, {
    cause,
    origin: file,
  });
}

interface Writer {
  add(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function openWriter(file: string, compression: 'gzip' | 'none'): Writer {
  const disk = createWriteStream(file);
  const entrance = compression === 'gzip' ? createGzip() : disk;
  if (entrance !== disk) (entrance as ReturnType<typeof createGzip>).pipe(disk);
  const done = finished(disk).catch((cause: unknown) => {
    throw unwritable(file, cause);
  });
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
