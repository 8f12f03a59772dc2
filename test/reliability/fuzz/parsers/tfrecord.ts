// TFRecord files. Their checksums find every fault but one that leaves whole records: what is read must be what was written.

import fc from 'fast-check';
import { createRandom } from '../../../../src/core/internal.js';
import { crc32c } from '../../../../src/data/internal.js';
import { feature, frameTFRecord, readTFRecords } from '../../../../src/data/index.js';
import { toBytes } from '../../../../src/data/records/exampleMessages.js';
import { expectRight, type Parser } from '../parser.js';

const RECORDS = [
  new Uint8Array(0),
  Uint8Array.of(1, 2, 3),
  new Uint8Array(300).fill(7),
  toBytes({ image: feature.bytes(new Uint8Array(90).fill(255)), label: feature.int64(3), score: feature.float(0.5) }),
];
const WRITTEN = new Set(RECORDS.map(String));

/** A header whose checksum is right, whatever its length. */
const framed = fc
  .record({
    length: fc.oneof(
      fc.bigInt({ min: 0n, max: 400n }),
      fc.constantFrom(2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 5n, 2n ** 64n - 1n),
    ),
    body: fc.uint8Array({ maxLength: 64 }),
  })
  .map(({ length, body }) => {
    const header = Buffer.alloc(12);
    header.writeBigUInt64LE(length);
    const crc = crc32c(header.subarray(0, 8));
    header.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 8);
    return Uint8Array.from(Buffer.concat([header, body]));
  });

export const parser: Parser = {
  files: () => [Uint8Array.from(Buffer.concat(RECORDS.map(frameTFRecord))), frameTFRecord(RECORDS[3] as Uint8Array)],
  inputs: fc.oneof(framed, fc.uint8Array({ maxLength: 100 })),
  async read(bytes) {
    const random = createRandom(bytes.length);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.integer(200);
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    for await (const { data } of readTFRecords(chunks)) expectRight(WRITTEN.has(String(data)), 'a record nobody wrote');
  },
};
