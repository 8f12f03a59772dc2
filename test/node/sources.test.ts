import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../src/core/index.js';
import { Dataset, frameTFRecord, RECORD_SCHEMAS } from '../../src/data/index.js';
import { trainAugmentation } from '../../src/image/index.js';
import * as node from '../../src/node/index.js';

let root = '';
const inRoot = (...parts: string[]) => path.join(root, ...parts);
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));
const jpeg = (red: number, width = 8, height = 6) =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 0, b: 0 } } }).jpeg().toBuffer();
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => String(error).replaceAll(root, '<root>'),
  );

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'effnet-'));
  await mkdir(inRoot('pictures'));
  for (let i = 0; i < 6; i++) await writeFile(inRoot('pictures', `${i}.jpg`), await jpeg(40 * i));
});
afterAll(() => rm(root, { recursive: true }));

async function csv(name: string, content: string): Promise<string> {
  await writeFile(inRoot(name), content);
  return inRoot(name);
}
const basic = { pathColumn: 'id', labelColumn: 'breed', get folder() { return inRoot('pictures'); }, suffix: '.jpg', shuffle: false } as const;

test('a table with quotes, byte-order mark and Windows line ends lists pictures and classes', async () => {
  const file = await csv('a.csv', '\uFEFF"id",breed,who\r\n"0","collie, rough",p1\r\n1,akita,p2\r\n\r\n2,"say ""hi""",p1\r\n');
  const { classNames, files, images } = await node.imagesFromCsv(file, { ...basic, groupColumn: 'who', inputSize: 4 });
  expect(classNames).toEqual(['akita', 'collie, rough', 'say "hi"']);
  expect(files.map(({ origin, label, group }) => [origin, label, group])).toEqual([['0', 1, 'p1'], ['1', 0, 'p2'], ['2', 2, 'p1']]);
  const [first] = await images.toArray();
  expect(first).toMatchObject({ origin: '0', label: Float32Array.of(0, 1, 0), pixels: { height: 4, width: 4 } });
});

test('several rows and several labels of a picture become several-hot vectors; names, relabelling and exclusion apply in this order', async () => {
  const file = await csv('b.csv', 'id,breed\n0,x|y\n0,z\n1,y\n2,w\n');
  const { classNames, images, files } = await node.imagesFromCsv(file, {
    ...basic, multiLabel: true, labelSeparator: '|', names: { x: 'cat', y: 'dog', z: 'kitten', w: 'wolf' }, exclude: ['wolf'], relabel: { kitten: 'cat', wolf: 'dog' },
  });
  expect(classNames).toEqual(['cat', 'dog']);
  expect(files).toHaveLength(2);
  expect((await images.toArray()).map((image) => image.label)).toEqual([Float32Array.of(1, 1), Float32Array.of(0, 1)]);
});

test('bad tables are refused in one sentence', async () => {
  const two = await csv('c.csv', 'id,breed\n0,a\n0,b\n');
  const gone = await csv('d.csv', 'id,breed\n0,a\n77,b\n');
  const torn = await csv('e.csv', 'id,breed\n0,"a\n');
  expect(await refusal(node.imagesFromCsv(two, { ...basic, labelColumn: 'label' }))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected a column 'label' in '<root>/c.csv', received 'id', 'breed'."`);
  expect(await refusal(node.imagesFromCsv(two, basic))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected one label for '0' in '<root>/c.csv', received 'a' in line 2 and 'b' in line 3. Set multiLabel: true for several."`);
  expect(await refusal(node.imagesFromCsv(gone, basic))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected every image of '<root>/d.csv' to exist, 1 of 2 do not: '<root>/pictures/77.jpg'. Check \`folder\` and \`suffix\`, or set missing: 'skip'."`);
  expect(await refusal(node.imagesFromCsv(torn, basic))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected a CSV table with a header in '<root>/e.csv': Quote Not Closed: the parsing is finished with an opening quote at line 2."`);
  expect(await refusal(node.imagesFromCsv(inRoot('no.csv'), basic))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected a CSV file, received '<root>/no.csv', which cannot be read: there is no such file or folder."`);
  const { missing, files } = await node.imagesFromCsv(gone, { ...basic, missing: 'skip' });
  expect([files.length, missing.map((each) => path.relative(root, each))]).toEqual([1, ['pictures/77.jpg']]);
});

test('pictures spread over several folders are found by their names, one place each', async () => {
  for (const [i, folder] of ['images_001', 'images_002', 'images_003'].entries()) {
    await mkdir(inRoot('spread', folder, 'sub'), { recursive: true });
    await writeFile(inRoot('spread', folder, `${i}.jpg`), await jpeg(40 * i));
    await writeFile(inRoot('spread', folder, 'sub', `${i}.jpg`), await jpeg(40 * i));
  }
  const folder = ['images_001', 'images_002', 'images_003'].map((name) => inRoot('spread', name));
  const places = async (content: string, own: readonly string[] = folder) =>
    (await node.imagesFromCsv(await csv('spread.csv', content), { ...basic, folder: own })).files.map((file) => path.relative(inRoot('spread'), file.path));
  expect(await places('id,breed\n2,a\n0,b\n1,a\n')).toEqual(['images_003/2.jpg', 'images_001/0.jpg', 'images_002/1.jpg']);
  expect(await places('id,breed\nsub/2,a\n./0,b\n')).toEqual(['images_003/sub/2.jpg', 'images_001/0.jpg']);
  expect(await places('id,breed\n2,a\n', [folder[2]!])).toEqual(['images_003/2.jpg']);
  const { missing } = await node.imagesFromCsv(await csv('spread.csv', 'id,breed\n0,a\n9,b\n'), { ...basic, folder, missing: 'skip' });
  expect(missing).toEqual([inRoot('spread/images_001/9.jpg')]);

  await writeFile(inRoot('spread/images_002/0.jpg'), await jpeg(1));
  expect(await refusal(places('id,breed\n0,a\n'))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected one image '0.jpg' of '<root>/spread.csv', received '<root>/spread/images_001/0.jpg', '<root>/spread/images_002/0.jpg'. Give folders that contain no name twice."`);
  expect(await refusal(places('id,breed\n0,a\n', [...folder, inRoot('spread/none')]))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected a folder that can be read, received '<root>/spread/none'."`);
  expect(await refusal(places('id,breed\n0,a\n', []))).toMatchInlineSnapshot(`"OptionError: imagesFromCsv: expected at least one folder for \`folder\`, received []."`);
  expect(await refusal(places('id,breed\n../0,a\n'))).toMatchInlineSnapshot(`"DataError: imagesFromCsv: expected file names within '<root>/spread/images_001', received '../0.jpg' in '<root>/spread.csv'. Set \`folder\` to one that contains all images."`);
});

test('class folders are written from a list and read back', async () => {
  const files = Array.from({ length: 6 }, (_, i) => ({ path: inRoot('pictures', `${i}.jpg`), label: i % 2 }));
  for (const mode of ['copy', 'link', 'symlink'] as const) {
    await node.writeImageFolder(inRoot(mode), files, ['even', 'odd'], { mode });
    const read = await node.imageFolder(inRoot(mode));
    expect(read.files.map((file) => file.origin)).toEqual(['even/0.jpg', 'even/2.jpg', 'even/4.jpg', 'odd/1.jpg', 'odd/3.jpg', 'odd/5.jpg']);
  }
  expect(await refusal(node.writeImageFolder(inRoot('copy'), files, ['even', 'odd']))).toMatch('there is a file of that name already, or on the way to it');
  expect(await refusal(node.writeImageFolder(inRoot('x'), [files[0]!, files[0]!], ['a']))).toMatch('expected one file for');
});

test('without shuffling, a list of files becomes images in its order', async () => {
  const files = [3, 1].map((i) => ({ path: inRoot('pictures', `${i}.jpg`), label: i, origin: `${i}` }));
  const images = await node.imageFiles(files, { labelMode: 'int', shuffle: false }).toArray();
  expect(images.map(({ origin, label }) => [origin, label])).toEqual([['3', 3], ['1', 1]]);
  expect(() => node.imageFiles(files, { classes: 3 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: imageFiles: expected an integer above the highest label 3 for \`classes\`, received 3.]`);
});

test('Food-101 is listed by its official lists', async () => {
  await mkdir(inRoot('food/meta'), { recursive: true });
  await writeFile(inRoot('food/meta/classes.txt'), 'apple_pie\nsushi\n');
  await writeFile(inRoot('food/meta/train.txt'), 'sushi/1\napple_pie/2\n');
  await writeFile(inRoot('food/meta/test.txt'), 'sushi/3\n');
  const { classNames, train, test: held } = await node.food101Files(inRoot('food'));
  expect(classNames).toEqual(['apple_pie', 'sushi']);
  expect(train.map((file) => file.label)).toEqual([1, 0]);
  expect(held[0]!.path).toBe(inRoot('food/images/sushi/3.jpg'));
});

test('the flowers and cifar10 records decode to pictures', async () => {
  const flowers = await node.tfrecordDataset(fixture('flowers.tfrecord'), { image: { key: 'image_raw', kind: 'bytes' }, label: { key: 'label', kind: 'int64' } } as const);
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
  const records = await node.tfrecordDataset([fixture('written.tfrecord.gz')], { label: { key: 'label', kind: 'int64', default: 42 } } as const);
  expect((await records.toArray()).map((record) => record.label)).toEqual([42, 7, -3]);
  const bytes = await jpeg(9);
  for (const compression of ['none', 'gzip'] as const) {
    const prefix = inRoot(compression, 'train');
    const names = await node.writeTFRecords(Dataset.range(7).map((label) => ({ image: bytes, label })), schema, prefix, { shards: 3, compression });
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
  expect(await refusal(node.writeTFRecords(failing, { label: { key: 'label', kind: 'int64' } } as const, inRoot('half/train')))).toMatch('no more');
  expect(await readdir(inRoot('half'))).toEqual([]);
});

test('a damaged record names file and offset; a pattern without files is refused', async () => {
  const bytes = await readFile(fixture('cifar10.tfrecord'));
  bytes[3000]! ^= 4;
  await writeFile(inRoot('bad.tfrecord'), bytes);
  const records = await node.tfrecordDataset(inRoot('bad.tfrecord'), RECORD_SCHEMAS.flat);
  expect(await refusal(records.toArray())).toMatchInlineSnapshot(`"DataError: readTFRecords: expected an intact record at offset 2612 of '<root>/bad.tfrecord', received bytes that do not fit their checksum."`);
  expect(await refusal(node.tfrecordDataset(inRoot('none-*'), RECORD_SCHEMAS.flat))).toMatchInlineSnapshot(`"DataError: tfrecordDataset: expected record files, '<root>/none-*' fits none."`);
});

test('a folder keeps items between passes and processes, and refuses tensors', async () => {
  let made = 0;
  const items = Dataset.range(4).map((n) => ({ n, data: Float32Array.of(n, ++made) }));
  const first = await items.cache(node.folderCache(inRoot('cache'))).toArray();
  expect(await items.cache(node.folderCache(inRoot('cache'))).toArray()).toEqual(first);
  expect(made).toBe(4);
  expect(await readdir(inRoot('cache'))).toEqual(['items.bin']);
  const odd = Dataset.from([() => 1]).cache(node.folderCache(inRoot('odd')));
  expect(await refusal(odd.toArray())).toMatchInlineSnapshot(`"DataError: folderCache: expected items of plain values and typed arrays. Cache before batching, tensors cannot be kept on disk."`);
  expect(await readdir(inRoot('odd'))).toEqual([]);
});

test('a folder that cannot keep items, or whose items are damaged, is named', async () => {
  const items = Dataset.range(3);
  const cached = (folder: string) => refusal(items.cache(node.folderCache(folder)).toArray());
  await writeFile(inRoot('no-folder'), '');
  expect(await cached(inRoot('no-folder'))).toMatchInlineSnapshot(`"DataError: folderCache: expected a folder that can be written, received '<root>/no-folder': there is a file of that name already, or on the way to it. Delete it, or give another."`);
  await mkdir(inRoot('taken/items.bin'), { recursive: true });
  expect(await cached(inRoot('taken'))).toMatchInlineSnapshot(`"DataError: folderCache: expected a folder whose items can be read, received '<root>/taken': it is a folder, not a file. Delete it, or give another."`);
  await mkdir(inRoot('damaged'));
  await writeFile(inRoot('damaged/items.bin'), frameTFRecord(Buffer.from('no item')));
  expect(await cached(inRoot('damaged'))).toMatchInlineSnapshot(`"DataError: folderCache: expected a folder whose items can be read, received '<root>/damaged': Unable to deserialize cloned data due to invalid or unsupported version. Delete it, or give another."`);
  await writeFile(inRoot('damaged/items.bin'), 'no record');
  expect(await cached(inRoot('damaged'))).toMatchInlineSnapshot(`"DataError: readTFRecords: expected an intact record at offset 0 of '<root>/damaged/items.bin', received only 9 bytes of its header."`);
  const cause = await items.cache(node.folderCache(inRoot('no-folder'))).toArray().catch((error: unknown) => (error as Error).cause);
  expect(cause).toMatchObject({ code: 'EEXIST' });
});

test('a summary finds sizes, duplicates across classes and broken files', async () => {
  await mkdir(inRoot('sum/a'), { recursive: true });
  await mkdir(inRoot('sum/b'), { recursive: true });
  await writeFile(inRoot('sum/a/1.jpg'), await jpeg(1, 30, 20));
  await writeFile(inRoot('sum/b/1.jpg'), await jpeg(1, 30, 20));
  await writeFile(inRoot('sum/b/2.jpg'), 'no picture');
  for (const name of ['3.jpg', '4.jpg']) await writeFile(inRoot('sum/b', name), await jpeg(200, 30, 20));
  const { files, classNames } = await node.imageFolder(inRoot('sum'));
  const summary = await node.summarizeImages(files, classNames);
  expect(summary).toMatchObject({ images: 5, counts: [{ className: 'a', count: 1 }, { className: 'b', count: 4 }], width: [30, 30, 30], height: [20, 20, 20] });
  expect(summary.duplicates).toEqual([
    { files: [inRoot('sum/a/1.jpg'), inRoot('sum/b/1.jpg')], conflicting: true },
    { files: [inRoot('sum/b/3.jpg'), inRoot('sum/b/4.jpg')], conflicting: false },
  ]);
  expect(summary.broken.map(({ file }) => file)).toEqual([inRoot('sum/b/2.jpg')]);
});

test('a contact sheet and a re-encoded picture are real pictures', async () => {
  const photo = await node.decodeImage(await jpeg(200, 60, 40));
  await node.contactSheet(photo, trainAugmentation('imagenet', 32), inRoot('sheet.png'), { columns: 3, rows: 2, size: 20 });
  const sheet = await node.decodeImage(inRoot('sheet.png'));
  expect([sheet.width, sheet.height]).toEqual([76, 52]);
  const again = await node.randomJpegQuality([60, 60]).apply(photo, createRandom(1));
  expect(again.data).toBeAllclose(photo.data, { tolerance: 12 });
});

test('pictures of 12000 x 9000 pixels decode and shrink, and are refused where less is allowed', async () => {
  // A white PNG of one bit a pixel, so that a hundred million pixels are soon written and read.
  const chunk = (name: string, content: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(12000, 0);
  header.writeUInt32BE(9000, 4);
  const row = Buffer.alloc(1501, 0xff).fill(0, 0, 1);
  const rows = deflateSync(Buffer.concat(Array<Buffer>(9000).fill(row)), { level: 1 });
  await mkdir(inRoot('large'));
  await writeFile(inRoot('large/1.png'), Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]));
  const files = [{ path: inRoot('large/1.png'), label: 0 }];
  const [image] = await node.imageFiles(files, { inputSize: [6, 8] }).toArray();
  expect(image!.pixels).toMatchObject({ width: 8, height: 6, channels: 3 });
  expect(image!.pixels.data).toBeAllclose(Array<number>(6 * 8 * 3).fill(255), { tolerance: 0 });
  await expect(node.imageFiles(files, { inputSize: [6, 8], maxPixels: 12000 * 9000 - 1 }).toArray()).rejects.toThrow('of at most 107999999 pixels');
});

test('labels of records and lists that no class has are refused by name, whatever the label mode', async () => {
  const png = await node.encodeImage({ width: 2, height: 2, channels: 3, data: new Uint8Array(12) }, { format: 'png' });
  const record = (label: number) => ({ image: png, label, origin: 'train.tfrec@0' });
  for (const [label, classes] of [[3, 3], [-1, 5], [1.5, 3]] as const) {
    for (const labelMode of ['int', 'categorical'] as const) {
      await expect(node.recordImages(Dataset.from([record(label)]), { classes, labelMode }).toArray()).rejects.toThrow(`recordImages: expected a label in [0, ${classes}) for 'train.tfrec@0', received ${label}.`);
    }
  }
  await expect(node.recordImages(Dataset.from([record(2)]), { classes: 3, labelMode: 'binary' }).toArray()).rejects.toThrow('expected a label in [0, 2)');
  expect(() => node.imageFiles([{ path: 'a.png', label: -1 }], { labelMode: 'int' })).toThrow("imageFiles: expected a label in [0, 1) for 'a.png', received -1.");
});

test.each([
  ['relabel', { relabel: { hat: 'Hat', shoe: 'Shoe' } }, "expected classes of '<root>/kinds.csv' for `relabel`, received 'shoe'. It has 'bag', 'hat'."],
  ['exclude', { exclude: ['bags'] }, "expected classes of '<root>/kinds.csv' for `exclude`, received 'bags'. It has 'bag', 'hat'."],
])('a class that the table does not have is refused in %s', async (_, options, message) => {
  const file = await csv('kinds.csv', 'id,breed\n0,hat\n1,bag\n');
  expect(await refusal(node.imagesFromCsv(file, { ...basic, ...options }))).toBe(`OptionError: imagesFromCsv: ${message}`);
});

test('what cannot be drawn or encoded is refused in one sentence', async () => {
  const image = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
  expect(() => node.randomJpegQuality([95, 50])).toThrow('randomJpegQuality: expected [low, high] of integers in [1, 100] for `range`, received [95, 50].');
  const recipe = node.randomJpegQuality();
  expect(await refusal(node.contactSheet(image, recipe, inRoot('huge.png'), { size: 100_000 }))).toMatch(/^OptionError: contactSheet: expected a sheet of at most 200000000 pixels, received 600028 x 400020\./);
  expect(await refusal(node.contactSheet(image, recipe, inRoot('pictures', '0.jpg', 'sheet.png')))).toMatch(/^DataError: contactSheet: expected a file that can be written/);
  expect(await refusal(node.encodeImage({ width: 1, height: 1, channels: 5, data: new Uint8Array(5) }))).toBe('OptionError: encodeImage: expected an image of 1 to 4 channels, received 5.');
  const wide = { width: 70_000, height: 1, channels: 1, data: new Uint8Array(70_000) };
  expect(await refusal(node.encodeImage(wide, { format: 'jpeg' }))).toMatch('encodeImage: expected sides of at most 65535 pixels for a JPEG, received 70000 x 1.');
  expect(await refusal(node.decodeImage(inRoot('pictures', '0.jpg'), { fit: 'crop' }))).toMatch("decodeImage: expected nothing without `size` for `fit`, received 'crop'.");
});
