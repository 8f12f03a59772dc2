// The framing of a TFRecord file: length, checksum, bytes, checksum. What the bytes mean is in example.ts.

import { boolean, check, checkOptions, instanceOf, positiveInteger, rule, text } from '../../core/internal.js';
import { DataError, type Complete } from '../../core/index.js';
import { maskedCrc32c } from './crc32c.js';

/** How records are read. */
export interface ReadTFRecordsOptions {
  /** Name of the file in errors. @defaultValue 'records' */
  readonly origin?: string | undefined;
  /** Checks the checksum of every record's bytes; that of its length is always checked. @defaultValue true */
  readonly verify?: boolean | undefined;
  /** A record that claims to be longer is refused before its bytes are taken. @defaultValue 1,073,741,824, one GiB */
  readonly maxRecordBytes?: number | undefined;
}

/** One record and where it begins. */
export interface TFRecord {
  readonly data: Uint8Array;
  /** Bytes before the record in the (uncompressed) file. */
  readonly offset: number;
}

const MAX_RECORD_BYTES = 2 ** 30;
const HEADER = 12;
const FOOTER = 4;

const bytesRule = instanceOf(Uint8Array, 'a Uint8Array');
const chunksRule = rule<Iterable<Uint8Array>>(
  'an iterable of Uint8Array chunks',
  (value) =>
    typeof value === 'object' && value !== null && !bytesRule.accepts(value) && (Symbol.asyncIterator in value || Symbol.iterator in value),
);

/**
 * Reads the records of an uncompressed TFRecord stream, wherever its chunks are cut.
 *
 * @param chunks - A stream's bytes; gzip goes through `DecompressionStream` first.
 * @throws {OptionError} when a chunk is not a Uint8Array, or an option has a wrong value.
 * @throws {DataError} naming file and offset, when a checksum fails, the stream ends within a record, or a record is too long.
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
  const damaged = (at: number, what: string): DataError =>
    new DataError(`readTFRecords: expected an intact record at offset ${at} of '${origin}', received ${what}.`, { origin });
  const take = byteReader(chunks);
  for (let offset = 0; ;) {
    const header = await take(HEADER);
    if (header.length === 0) return;
    if (header.length < HEADER) throw damaged(offset, `only ${header.length} bytes of its header`);
    const view = new DataView(header.buffer, header.byteOffset, HEADER);
    if (view.getUint32(8, true) !== maskedCrc32c(header.subarray(0, 8))) throw damaged(offset, 'a length that does not fit its checksum');
    const length = Number(view.getBigUint64(0, true));
    if (length > maxRecordBytes) {
      throw new DataError(
        `readTFRecords: expected a record of at most ${maxRecordBytes} bytes at offset ${offset} of '${origin}', ` +
          `received one of ${length}. Set maxRecordBytes where it is meant.`,
        { origin },
      );
    }
    const body = await take(length + FOOTER);
    if (body.length < length + FOOTER) throw damaged(offset, `${body.length} of ${length + FOOTER} bytes`);
    const data = body.subarray(0, length);
    if (verify && new DataView(body.buffer, body.byteOffset + length, FOOTER).getUint32(0, true) !== maskedCrc32c(data)) {
      throw damaged(offset, 'bytes that do not fit their checksum');
    }
    yield { data, offset };
    offset += HEADER + length + FOOTER;
  }
}

/**
 * Wraps bytes as one record, ready to be appended to a file; TensorBoard's event files have the same form.
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

/** Takes a number of bytes at a time from chunks of any size; fewer at the end. */
function byteReader(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): (count: number) => Promise<Uint8Array> {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let rest = new Uint8Array(0) as Uint8Array;
  return async (count) => {
    const parts = [rest];
    let held = rest.length;
    // Never more is allocated than was received, whatever a length claims.
    while (held < count) {
      const next = await iterator.next();
      if (next.done === true) break;
      check('readTFRecords', 'chunks', next.value, bytesRule);
      parts.push(next.value);
      held += next.value.length;
    }
    const joined = parts.length === 1 ? rest : join(parts, held);
    rest = joined.subarray(Math.min(count, held));
    return joined.subarray(0, count);
  };
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
