import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  decodeExample,
  encodeExample,
  feature,
  formatExample,
  parseExample,
  readTFRecords,
  RECORD_SCHEMAS,
  type Example,
} from '../../../src/data/index.js';

async function written(): Promise<Example[]> {
  const examples: Example[] = [];
  for await (const { data } of readTFRecords([readFileSync(new URL('../../fixtures/data/written.tfrecord', import.meta.url))])) {
    examples.push(await decodeExample(data));
  }
  return examples;
}

test('the ImageNet schema maps labels 1 to 1000 to 0 to 999 and reads all boxes', async () => {
  const [example] = await written();
  const record = parseExample(example!, RECORD_SCHEMAS.imagenet);
  expect(record).toMatchObject({
    label: 999,
    text: 'toilet tissue',
    synset: 'n15075141',
    height: 1,
    boxXMin: [0.25, 0.5],
    boxYMax: [0.5, 0.875],
  });
  expect([...record.image.subarray(0, 2)]).toEqual([0xff, 0xd8]);
});

test('the flat schema reads a full record, and one with only an image and a label', async () => {
  const [, whole, bare] = await written();
  expect(parseExample(whole!, RECORD_SCHEMAS.flat)).toMatchObject({
    label: 7,
    text: 'Größe',
    boxXMin: [0.125],
    format: 'JPEG',
    filename: 'a.jpg',
  });
  expect(parseExample(bare!, RECORD_SCHEMAS.flat)).toMatchObject({
    label: -3,
    text: '',
    boxXMin: [],
    format: 'JPEG',
    channels: 3,
    height: 0,
  });
});

test('a custom schema is written and read back', async () => {
  const schema = { id: { key: 'x/id', kind: 'int64', first: 1 }, names: { key: 'n', kind: 'text', list: true } } as const;
  const record = { id: 4, names: ['a', 'ü'] };
  const example = await decodeExample(await encodeExample(formatExample(record, schema)));
  expect(example['x/id']).toEqual(feature.int64(5));
  expect(parseExample(example, schema)).toEqual(record);
});

test('a missing feature, one with two values and one of another kind are refused by name', () => {
  const schema = { label: { key: 'label', kind: 'int64' } } as const;
  expect(() => parseExample({ image: feature.bytes('x') }, schema, 'a.tfrecord')).toThrowErrorMatchingInlineSnapshot(
    `[DataError: parseExample: expected a feature of int64 under 'label' in 'a.tfrecord', received only image.]`,
  );
  expect(() => parseExample({ label: feature.int64(1, 2) }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: parseExample: expected one value under 'label' in 'record', received 2 values.]`,
  );
  expect(() => parseExample({ label: feature.float(1) }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: parseExample: expected int64 under 'label' in 'record', received float.]`,
  );
  expect(() => parseExample({ label: feature.int64(2n ** 60n) }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[DataError: parseExample: expected an integer of at most 53 bits under 'label' in 'record', received 1152921504606846976.]`,
  );
});

test('a list as long as the values of an image is written and read back', async () => {
  const schema = {
    pixels: { key: 'image/pixels', kind: 'float', list: true },
    codes: { key: 'image/codes', kind: 'int64', list: true },
  } as const;
  const pixels = Array.from({ length: 224 * 224 * 3 }, (_, i) => i % 256);
  const record = parseExample(await decodeExample(await encodeExample(formatExample({ pixels, codes: pixels }, schema))), schema);
  expect(record.pixels).toHaveLength(150_528);
  expect(record.codes.at(-1)).toBe(pixels.at(-1));
});

test.each([
  ['a misspelled key', { label: { key: 'label', kind: 'int64', defalt: 0 } }],
  ['an unknown kind', { label: { key: 'label', kind: 'int32' } }],
  ['no name', { label: { kind: 'int64' } }],
  ['a default of another kind', { label: { key: 'label', kind: 'int64', default: '0' } }],
  ['no field', { label: 'label' }],
])('a schema with %s is refused', (_, schema) => {
  expect(() => parseExample({ label: feature.int64(1) }, schema as never)).toThrowErrorMatchingSnapshot();
  expect(() => formatExample({ label: 1 } as never, schema as never)).toThrow(/^formatExample: expected/);
});

test('a value that does not fit its kind is refused by name', async () => {
  const schema = { label: { key: 'label', kind: 'int64' }, names: { key: 'n', kind: 'text', list: true } } as const;
  expect(() => formatExample({ label: 1.5, names: [] }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: formatExample: expected an integer for \`record.label\`, received 1.5.]`,
  );
  expect(() => formatExample({ label: [1] as never, names: [] }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: formatExample: expected an integer for \`record.label\`, received [1].]`,
  );
  expect(() => formatExample({ label: 1, names: 'a' as never }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: formatExample: expected an array, each a string for \`record.names\`, received 'a'.]`,
  );
  expect(() => parseExample({ label: { kind: 'int64', values: [1] } as never }, schema)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: parseExample: expected what feature.bytes, feature.float or feature.int64 returns for \`example['label']\`, received { kind, values }.]`,
  );
  await expect(encodeExample({ label: 1 } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: encodeExample: expected what feature.bytes, feature.float or feature.int64 returns for \`example['label']\`, received 1.]`,
  );
  expect(() => feature.int64(0.5)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: feature.int64: expected an integer of at most 64 bits for \`values\`, received 0.5.]`,
  );
  expect(() => feature.int64(2n ** 63n)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: feature.int64: expected an integer of at most 64 bits for \`values\`, received 9223372036854775808.]`,
  );
  expect(() => feature.float('1' as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: feature.float: expected a number for \`values\`, received '1'.]`,
  );
  expect(() => feature.bytes(null as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: feature.bytes: expected a Uint8Array or a string for \`values\`, received null.]`,
  );
});
