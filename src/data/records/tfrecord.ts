// The framing of records in a TFRecord file: length, checksum, bytes, checksum. example.ts decodes the bytes.

import { boolean, check, checkOptions, instanceOf, joinBytes, positiveInteger, rule, text } from '../../core/internal.js';
import { DataError, type Complete } from '../../core/index.js';
import { maskedCrc32c } from './crc32c.js';
import { foreignRecords, HEAD_BYTES } from './foreignRecords.js';

/** Options of {@link readTFRecords}. */
export interface ReadTFRecordsOptions {
  /** Name of the file for error messages. @defaultValue 'records' */
  readonly origin?: string | undefined;
  /** Whether to verify the checksum of every record's bytes. The checksum of its length is always verified. @defaultValue true */
  readonly verify?: boolean | undefined;
  /** A record whose header states more bytes is refused before they are read. @defaultValue 1,073,741,824 (1 GiB) */
  readonly maxRecordBytes?: number | undefined;
}

/** One record and its position. */
export interface TFRecord {
  readonly data: Uint8Array;
  /** Number of bytes before the record in the uncompressed file. */
  readonly offset: number;
}

const MAX_RECORD_BYTES = 2 ** 30;
const HEADER = 12;
const FOOTER = 4;
const WRONG_LENGTH = 'a length that does not match its checksum';

const bytesRule = instanceOf(Uint8Array, 'a Uint8Array');
const chunksRule = rule<Iterable<Uint8Array>>(
  'an iterable of Uint8Array chunks',
  (value) =>
    typeof value === 'object' && value !== null && !bytesRule.accepts(value) && (Symbol.asyncIterator in value || Symbol.iterator in value),
);

/**
 * Reads the records of an uncompressed TFRecord stream. Chunks may end anywhere, also within a record.
 *
 * @param chunks - The bytes of the stream. Decompress gzip first, for example with `DecompressionStream`.
 * @throws {OptionError} when a chunk is not a Uint8Array, or an option has a wrong value.
 * @throws {DataError} when the bytes are not TFRecords, a checksum does not match, the stream ends within a record or a record is too long.
 *   The message names the file and the offset.
 * @example
 * const response = await fetch('train.tfrecord');
 * for await (const { data } of readTFRecords([new Uint8Array(await response.arrayBuffer())])) console.log(await decodeExample(data));
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details"
 */
export function readTFRecords(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ReadTFRecordsOptions = {},
): AsyncGenerator<TFRecord> {
  check('readTFRecords', 'chunks', chunks, chunksRule, bytesRule.accepts(chunks) ? 'Pass the bytes of a whole file as [bytes].' : '');
  const rules = { origin: text, verify: boolean, maxRecordBytes: positiveInteger };
  const { origin = 'records', verify = true, maxRecordBytes = MAX_RECORD_BYTES } = checkOptions('readTFRecords', options, rules);
  return records(chunks, { origin, verify, maxRecordBytes });
}

async function* records(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { origin, verify, maxRecordBytes }: Complete<ReadTFRecordsOptions>,
): AsyncGenerator<TFRecord> {
  const damaged = (at: number, what: string, remedy = ''): DataError =>
    new DataError(`readTFRecords: expected an intact record at offset ${at} of '${origin}', received ${what}.${remedy}`, { origin });
  const take = byteReader(chunks);
  const checkKind = async (header: Uint8Array): Promise<void> => {
    const known = foreignRecords(joinBytes([header, await take(HEAD_BYTES - HEADER)]));
    if (known === undefined) return;
    const [what, remedy] = known;
    throw new DataError(`readTFRecords: expected TFRecords in '${origin}', received ${what}.${remedy && ` ${remedy}`}`, { origin });
  };
  for (let offset = 0; ;) {
    const header = await take(HEADER);
    if (header.length === 0) return;
    const hasLength = header.length === HEADER;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    if (!hasLength || view.getUint32(8, true) !== maskedCrc32c(header.subarray(0, 8))) {
      if (offset > 0) throw damaged(offset, hasLength ? WRONG_LENGTH : `only ${header.length} bytes of its header`);
      await checkKind(header);
      throw damaged(0, hasLength ? WRONG_LENGTH : `only ${header.length} bytes`, ' The file is damaged, or it is not a TFRecord file.');
    }
    const length = Number(view.getBigUint64(0, true));
    if (length > maxRecordBytes) {
      throw new DataError(
        `readTFRecords: expected a record of at most ${maxRecordBytes} bytes at offset ${offset} of '${origin}', ` +
          `received one of ${length}. Set \`maxRecordBytes\` if this is intended.`,
        { origin },
      );
    }
    const body = await take(length + FOOTER);
    if (body.length < length + FOOTER) throw damaged(offset, `${body.length} of ${length + FOOTER} bytes`);
    const data = body.subarray(0, length);
    if (verify && new DataView(body.buffer, body.byteOffset + length, FOOTER).getUint32(0, true) !== maskedCrc32c(data)) {
      throw damaged(offset, 'bytes that do not match their checksum');
    }
    yield { data, offset };
    offset += HEADER + length + FOOTER;
  }
}

/**
 * Frames bytes as one record that can be appended to a TFRecord file. TensorBoard's event files use the same format.
 *
 * @example
 * await writable.write(frameTFRecord(await encodeExample({ label: feature.int64(3) })));
 */
export function frameTFRecord(data: Uint8Array): Uint8Array {
  check('frameTFRecord', 'data', data, bytesRule);
  const framed = new Uint8Array(HEADER + data.length + FOOTER);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(data, HEADER);
  view.setUint32(HEADER + data.length, maskedCrc32c(data), true);
  return framed;
}

/** Returns a function that takes a number of bytes from chunks of any size. At the end it returns fewer. */
function byteReader(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): (count: number) => Promise<Uint8Array> {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let rest = new Uint8Array(0) as Uint8Array;
  return async (count) => {
    const parts = [rest];
    let received = rest.length;
    // Only received bytes are allocated, so a wrong length cannot exhaust the memory.
    while (received < count) {
      const next = await iterator.next();
      if (next.done === true) break;
      check('readTFRecords', 'chunks', next.value, bytesRule);
      parts.push(next.value);
      received += next.value.length;
    }
    const joined = parts.length === 1 ? rest : joinBytes(parts);
    rest = joined.subarray(Math.min(count, received));
    return joined.subarray(0, count);
  };
}
