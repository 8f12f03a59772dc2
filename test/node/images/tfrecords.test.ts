import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Dataset, formatExample, parseExample, RECORD_SCHEMAS } from '../../../src/data/index.js';
import * as node from '../../../src/node.js';
import { imageSandbox, jpeg } from '../../support/imageSandbox.js';

const { inRoot, refusal } = imageSandbox();
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/data/${name}`, import.meta.url));

test('the flowers and cifar10 records decode to images', async () => {
  const flowers = await node.tfrecordDataset(fixture('flowers.tfrecord'), {
    image: { key: 'image_raw', kind: 'bytes' },
    label: { key: 'label', kind: 'int64' },
  } as const);
  const [first] = await node.recordImages(flowers, { classes: 5 }).toArray();
  expect(first!.pixels).toMatchObject({ height: 216, width: 320, channels: 3 });
  expect(first!.origin).toMatch(/flowers\.tfrecord@0$/);
  const cifar = await node.tfrecordDataset(fixture('cifar10.tfrecord'), RECORD_SCHEMAS.flat);
  const images = await node.recordImages(cifar, { classes: 10, labelMode: 'int' }).toArray();
  expect(images).toHaveLength(10);
  expect(images[0]).toMatchObject({ label: 7, pixels: { height: 32, width: 32 } });
});

test('gzip is recognized, globs come sorted, and shards written here read back in turn', async () => {
  const schema = { image: { key: 'image', kind: 'bytes' }, label: { key: 'label', kind: 'int64' } } as const;
  const records = await node.tfrecordDataset([fixture('written.tfrecord.gz')], {
    label: { key: 'label', kind: 'int64', default: 42 },
  } as const);
  expect((await records.toArray()).map((record) => record.label)).toEqual([42, 7, -3]);
  const bytes = await jpeg(9);
  for (const compression of ['none', 'gzip'] as const) {
    const prefix = inRoot(compression, 'train');
    const names = await node.writeTFRecords(
      Dataset.range(7).map((label) => ({ image: bytes, label })),
      schema,
      prefix,
      { shards: 3, compression },
    );
    expect(await readdir(inRoot(compression))).toEqual(names.map((name) => path.basename(name)));
    const back = await node.tfrecordDataset(`${prefix}-*`, schema);
    expect((await back.toArray()).map((record) => record.label)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  }
});

test('a failing dataset leaves no record file behind', async () => {
  const failing = Dataset.range(5).map((label) => {
    if (label === 3) throw new Error('no more');
    return { label };
  });
  expect(await refusal(node.writeTFRecords(failing, { label: { key: 'label', kind: 'int64' } } as const, inRoot('half/train')))).toMatch(
    'no more',
  );
  expect(await readdir(inRoot('half'))).toEqual([]);
});

test('records without end, a record that does not fit, and two features of one key are refused', async () => {
  const schema = { label: { key: 'label', kind: 'int64' } } as const;
  const write = (records: Dataset<{ label: number }>, to = schema) => refusal(node.writeTFRecords(records, to, inRoot('refused/train')));
  expect(await write(Dataset.from([{ label: 1 }]).repeat())).toMatchInlineSnapshot(
    `"OptionError: writeTFRecords: expected a dataset that ends for \`records\`, received an instance of Dataset. Take a part of it: \`dataset.take(n)\`."`,
  );
  expect(await write(Dataset.from([{ label: 1 }, { label: 0.5 }]))).toMatchInlineSnapshot(
    `"OptionError: writeTFRecords: expected an integer for \`records[1].label\`, received 0.5."`,
  );
  const doubled = { ...schema, other: { key: 'label', kind: 'int64' } };
  expect(await write(Dataset.from([{ label: 1 }]), doubled as never)).toMatchInlineSnapshot(
    `"OptionError: writeTFRecords: expected another key than that of \`schema.label\` for \`schema.other.key\`, received 'label'. An Example has one feature per key."`,
  );
  expect(() => parseExample({}, doubled as never)).toThrow('parseExample: expected another key than that of `schema.label`');
  expect(() => formatExample({ label: 1, other: 2 } as never, doubled as never)).toThrow('formatExample: expected another key');
});

test('a damaged record names file and offset; a pattern without files is refused', async () => {
  const bytes = await readFile(fixture('cifar10.tfrecord'));
  bytes[3000]! ^= 4;
  await writeFile(inRoot('bad.tfrecord'), bytes);
  const records = await node.tfrecordDataset(inRoot('bad.tfrecord'), RECORD_SCHEMAS.flat);
  expect(await refusal(records.toArray())).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected an intact record at offset 2612 of '<root>/bad.tfrecord', received bytes that do not match their checksum."`,
  );
  expect(await refusal(node.tfrecordDataset(inRoot('none-*'), RECORD_SCHEMAS.flat))).toMatchInlineSnapshot(
    `"DataError: tfrecordDataset: expected record files, '<root>/none-*' fits none."`,
  );
});

test('a file of another kind is named with what it is', async () => {
  await writeFile(inRoot('page.tfrecord'), '<!doctype html><title>Not found</title>');
  await writeFile(inRoot('short.tfrecord'), 'abc');
  await writeFile(inRoot('text.tfrecord'), 'label,file\n1,a.jpg\n2,b.jpg\n');
  const read = async (file: string, options = {}) =>
    refusal(node.tfrecordDataset(file, RECORD_SCHEMAS.flat, options).then((records) => records.toArray()));
  expect(await read(inRoot('pictures/0.jpg'))).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected TFRecords in '<root>/pictures/0.jpg', received a JPEG image. Read images with \`imageFolder\` or \`imageFiles\` of effnet-ts/node."`,
  );
  expect(await read(inRoot('page.tfrecord'))).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected TFRecords in '<root>/page.tfrecord', received a web page. Servers send one if the file is not at that URL."`,
  );
  expect(await read(inRoot('short.tfrecord'))).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected an intact record at offset 0 of '<root>/short.tfrecord', received only 3 bytes. The file is damaged, or it is not a TFRecord file."`,
  );
  expect(await read(inRoot('text.tfrecord'))).toMatchInlineSnapshot(
    `"DataError: readTFRecords: expected an intact record at offset 0 of '<root>/text.tfrecord', received a length that does not match its checksum. The file is damaged, or it is not a TFRecord file."`,
  );
  expect(await read(fixture('written.tfrecord.gz'), { compression: 'none' })).toContain(".gz', received a gzip file. Decompress it first.");
});

test('an empty dataset is refused and leaves no file', async () => {
  const schema = { label: { key: 'label', kind: 'int64' } } as const;
  const write = (records: Dataset<{ label: number }>, prefix: string) =>
    refusal(node.writeTFRecords(records, schema, prefix, { shards: 2 }));
  expect(await write(Dataset.from<{ label: number }>([]), inRoot('known/train'))).toMatchInlineSnapshot(
    `"DataError: writeTFRecords: expected at least one record to write, received an empty dataset."`,
  );
  await expect(readdir(inRoot('known'))).rejects.toThrow('ENOENT');
  const filtered = Dataset.from([{ label: 1 }]).filter(() => false);
  expect(await write(filtered, inRoot('unknown/train'))).toContain('received an empty dataset');
  expect(await readdir(inRoot('unknown'))).toEqual([]);
});

test('a label of a record that no class has is refused by name, in every label mode', async () => {
  const png = await node.encodeImage({ width: 2, height: 2, channels: 3, data: new Uint8Array(12) }, { format: 'png' });
  const record = (label: number) => ({ image: png, label, origin: 'train.tfrec@0' });
  for (const [label, classes] of [
    [3, 3],
    [-1, 5],
    [1.5, 3],
  ] as const) {
    for (const labelMode of ['int', 'categorical'] as const) {
      await expect(node.recordImages(Dataset.from([record(label)]), { classes, labelMode }).toArray()).rejects.toThrow(
        `recordImages: expected a label in [0, ${classes}) for 'train.tfrec@0', received ${label}.`,
      );
    }
  }
  await expect(node.recordImages(Dataset.from([record(2)]), { classes: 3, labelMode: 'binary' }).toArray()).rejects.toThrow(
    'expected a label in [0, 2)',
  );
});
