// tf.Example and the schemas above it.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { DataError } from '../../../../src/core/index.js';
import { decodeExample, encodeExample, feature, parseExample, readTFRecords, RECORD_SCHEMAS } from '../../../../src/data/index.js';
import { toBytes } from '../../../../src/data/records/exampleMessages.js';
import { expectRight, type Parser } from '../parser.js';

const values = fc.oneof(
  fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 3 }).map((items) => feature.bytes(...items)),
  fc.array(fc.float(), { maxLength: 3 }).map((items) => feature.float(...items)),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 3 }).map((items) => feature.int64(...items)),
);
const NAMES = Object.values(RECORD_SCHEMAS.imagenet).map(({ key }) => key);

export const parser: Parser = {
  async files() {
    const files: Uint8Array[] = [
      toBytes({ image: feature.bytes(Uint8Array.of(255, 216, 255)), label: feature.int64(7), __proto__: feature.float(1) }),
    ];
    for (const name of ['written.tfrecord', 'flowers.tfrecord']) {
      const bytes = readFileSync(`test/fixtures/data/${name}`);
      for await (const { data } of readTFRecords([bytes])) if (data.length < 4000) files.push(data.slice());
    }
    return files;
  },
  inputs: fc.oneof(
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES, '__proto__', 'image', 'label'), fc.string()), values).map(toBytes),
    fc.uint8Array({ maxLength: 60 }),
  ),
  async read(bytes) {
    const example = await decodeExample(bytes);
    // A float may be any NaN; its bits are not the reader's to keep.
    const text = (value: typeof example): string =>
      JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
    expectRight(text(await decodeExample(await encodeExample(example))) === text(example), 'an Example that changes when written again');
    for (const schema of [RECORD_SCHEMAS.flat, RECORD_SCHEMAS.imagenet]) {
      try {
        const { image, label } = parseExample(example, schema);
        expectRight(image instanceof Uint8Array && Number.isSafeInteger(label), 'a picture and a label');
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
      }
    }
  },
};
