import { fc, test as property } from '@fast-check/vitest';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../src/data/internal.js';
import { decodeExample, encodeExample, feature, frameTFRecord, readTFRecords, type Example } from '../../../src/data/index.js';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../../fixtures/data/${name}`, import.meta.url));
const { files } = JSON.parse(fixture('records.json').toString()) as {
  files: Record<string, Record<string, { kind: string; values: (string | number)[] }>[]>;
};

async function recordsOf(bytes: Uint8Array, chunk = bytes.length, origin = 'a.tfrecord'): Promise<Uint8Array[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) => bytes.subarray(i * chunk, (i + 1) * chunk));
  const records: Uint8Array[] = [];
  for await (const { data } of readTFRecords(chunks, { origin })) records.push(data);
  return records;
}

/** Describes an Example as the fixture does, with digests instead of bytes. */
function summary(example: Example): Record<string, unknown> {
  const entries = Object.entries(example).map(([name, { kind, values }]) => {
    const shown = values.map((value) => (value instanceof Uint8Array ? createHash('sha256').update(value).digest('hex') : Number(value)));
    return [name, { kind, values: shown }] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('checksums equal those of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

test.each(Object.keys(files))('%s decodes as in TensorFlow, with chunks of any size', async (name) => {
  const bytes = fixture(name);
  for (const chunk of [7, 1000, bytes.length]) {
    const records = await recordsOf(bytes, chunk);
    const examples = await Promise.all(records.map((record) => decodeExample(record)));
    expect(examples.map(summary)).toEqual(files[name]);
  }
});

test('a record that states more bytes than allowed, 1 GiB by default, is refused before its bytes are read', async () => {
  // tensorflow/core/lib/hash/crc32c.h: rotated by 15 bits, plus a constant.
  const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  let chunks = 0;
  const endless = function* (length: bigint): Generator<Uint8Array> {
    const header = new Uint8Array(12);
    const view = new DataView(header.buffer);
    view.setBigUint64(0, length, true);
    view.setUint32(8, masked(crc32c(header.subarray(0, 8))), true);
    yield header;
    for (; chunks < 1000; chunks++) yield new Uint8Array(1000);
  };
  for (const length of [2n ** 30n + 1n, 2n ** 64n - 1n]) {
    await expect(readTFRecords(endless(length)).next()).rejects.toThrow(
      `readTFRecords: expected a record of at most 1073741824 bytes at offset 0 of 'records', ` +
        `received one of ${Number(length)}. Set \`maxRecordBytes\` if this is intended.`,
    );
  }
  expect(chunks).toBe(0);
  const record = frameTFRecord(new Uint8Array(10));
  expect((await readTFRecords([record], { maxRecordBytes: 10 }).next()).value).toMatchObject({ data: new Uint8Array(10) });
  await expect(readTFRecords([record], { maxRecordBytes: 9 }).next()).rejects.toThrow('at most 9 bytes');
});

test('framed records equal those of TensorFlow byte for byte', async () => {
  const written = fixture('written.tfrecord');
  const records = await recordsOf(written);
  expect(Buffer.concat(records.map(frameTFRecord)).equals(written)).toBe(true);
  const last = await decodeExample(records[2]!);
  expect(Buffer.from(await encodeExample({ image: last['image']!, label: feature.int64(-3) })).equals(records[2]!)).toBe(true);
  expect(await recordsOf(gunzipSync(fixture('written.tfrecord.gz')))).toEqual(records);
});

property.prop([fc.array(fc.uint8Array({ maxLength: 300 })), fc.integer({ min: 1, max: 50 })])(
  'reading is the inverse of framing',
  async (records, chunk) => {
    const file = Buffer.concat(records.map(frameTFRecord));
    expect((await recordsOf(file, chunk)).map((record) => [...record])).toEqual(records.map((record) => [...record]));
  },
);

const someFeature = fc.oneof(
  fc.array(fc.uint8Array()).map((values) => feature.bytes(...values)),
  fc.array(fc.float({ noNaN: true })).map((values) => feature.float(...values)),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((values) => feature.int64(...values)),
);
property.prop([fc.dictionary(fc.string(), someFeature)])('decoding is the inverse of encoding an Example', async (example) => {
  expect({ ...(await decodeExample(await encodeExample(example))) }).toEqual({ ...example });
});

describe('a damaged file', () => {
  const file = Buffer.concat(
    [
      [1, 2, 3],
      [4, 5, 6, 7],
    ].map((data) => frameTFRecord(Uint8Array.from(data))),
  );
  const refused = (bytes: Uint8Array) =>
    recordsOf(bytes).then(
      () => 'read',
      (error: unknown) => String(error),
    );

  test('a flipped bit anywhere is detected, and the error names the file and offset', async () => {
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(await refused(flipped)).toContain(bit >> 3 < 19 ? "offset 0 of 'a.tfrecord'" : "offset 19 of 'a.tfrecord'");
    }
  });

  test('the messages say what is damaged', async () => {
    const broken = (at: number) => {
      const copy = Buffer.from(file);
      copy[at]! ^= 1;
      return refused(copy);
    };
    expect(await broken(0)).toMatchInlineSnapshot(
      `"DataError: readTFRecords: expected an intact record at offset 0 of 'a.tfrecord', received a length that does not match its checksum. The file is damaged, or it is not a TFRecord file."`,
    );
    expect(await broken(32)).toMatchInlineSnapshot(
      `"DataError: readTFRecords: expected an intact record at offset 19 of 'a.tfrecord', received bytes that do not match their checksum."`,
    );
    expect(await refused(file.subarray(0, 22))).toMatchInlineSnapshot(
      `"DataError: readTFRecords: expected an intact record at offset 19 of 'a.tfrecord', received only 3 bytes of its header."`,
    );
    expect(await refused(file.subarray(0, 36))).toMatchInlineSnapshot(
      `"DataError: readTFRecords: expected an intact record at offset 19 of 'a.tfrecord', received 5 of 8 bytes."`,
    );
    await expect(decodeExample(Uint8Array.of(10, 255, 1), 'a.tfrecord')).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: decodeExample: expected a TensorFlow Example, received 3 other bytes in 'a.tfrecord'.]`,
    );
  });

  test('bytes that are not in an iterable and chunks that are not bytes are refused', async () => {
    expect(() => readTFRecords(file as never)).toThrowErrorMatchingInlineSnapshot(
      `[OptionError: readTFRecords: expected an iterable of Uint8Array chunks for \`chunks\`, received an instance of Buffer. Pass the bytes of a whole file as [bytes].]`,
    );
    await expect(readTFRecords(['text'] as never).next()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: readTFRecords: expected a Uint8Array for \`chunks\`, received 'text'.]`,
    );
  });

  test('a header that states 2^60 bytes is refused without reading them', async () => {
    const header = frameTFRecord(new Uint8Array(0)).subarray(0, 12);
    const view = new DataView(header.buffer);
    view.setBigUint64(0, 2n ** 60n, true);
    const crc = crc32c(header.subarray(0, 8));
    view.setUint32(8, ((crc >>> 15) | (crc << 17)) + 0xa282ead8, true);
    expect(await refused(header)).toMatchInlineSnapshot(
      `"DataError: readTFRecords: expected a record of at most 1073741824 bytes at offset 0 of 'a.tfrecord', received one of 1152921504606847000. Set \`maxRecordBytes\` if this is intended."`,
    );
  });
});
