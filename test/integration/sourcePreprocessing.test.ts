// Every source follows its preprocessing, on this thread and on others. The threads run the built package: `npm test` builds it first.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { augment, Dataset, type LabeledImage } from '../../src/data/index.js';
import { completePreprocessing } from '../../src/image/internal.js';
import { evalTransform, preprocess, randomFlip, randomResizedCrop, trainAugmentation, type Preprocessing } from '../../src/image/index.js';
import {
  decodeImage,
  encodeImage,
  folderCache,
  imageFiles,
  imageFolder,
  imagesFromCsv,
  imageWorkers,
  recordImages,
  type ImageWorkers,
  type LabeledFile,
  type ReadImagesOptions,
} from '../../src/node/images/index.js';

const PHOTOS = path.resolve('examples/data/clothing/validation');
const CLASSES = ['dress', 'hat'];
let root: string;
let files: readonly LabeledFile[];
let workers: ImageWorkers;

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'sources-'));
  workers = imageWorkers({ threads: 1 });
  for (const name of CLASSES) {
    mkdirSync(path.join(root, 'photos', name), { recursive: true });
    const [file = ''] = readdirSync(path.join(PHOTOS, name));
    copyFileSync(path.join(PHOTOS, name, file), path.join(root, 'photos', name, file));
  }
  ({ files } = await imageFolder(path.join(root, 'photos')));
  writeFileSync(
    path.join(root, 'table.csv'),
    `id,label\n${files.map(({ path: file, label }) => `${path.relative(path.join(root, 'photos'), file)},${CLASSES[label]}`).join('\n')}\n`,
  );
});
afterAll(async () => {
  await workers.dispose();
  rmSync(root, { recursive: true });
});

type Read = (options: ReadImagesOptions) => Dataset<LabeledImage> | Promise<Dataset<LabeledImage>>;
const SOURCES: Record<string, Read> = {
  imageFolder: async (options) => (await imageFolder(path.join(root, 'photos'), { shuffle: false, ...options })).images,
  imagesFromCsv: async (options) =>
    (
      await imagesFromCsv(path.join(root, 'table.csv'), {
        pathColumn: 'id',
        labelColumn: 'label',
        folder: path.join(root, 'photos'),
        shuffle: false,
        ...options,
      })
    ).images,
  imageFiles: (options) => imageFiles(files, { shuffle: false, ...options }),
  recordImages: (options) =>
    recordImages(Dataset.from(files.map(({ path: file, label }) => ({ image: readFileSync(file), label, origin: file }))), {
      classes: 2,
      ...options,
    }),
};

const RECORDS: readonly Preprocessing[] = [
  { inputSize: 24, fit: 'stretch' },
  { inputSize: [24, 30], fit: 'stretch', cropFraction: 0.8, interpolation: 'area' },
  { inputSize: 24, fit: 'crop', cropFraction: 24 / 56, margins: 'ceil', interpolation: 'bicubic' },
  { inputSize: 24, fit: 'pad', fillValue: 114, antialias: true },
  {
    inputSize: 24,
    fit: 'resizeCrop',
    cropFraction: 0.875,
    margins: 'even',
    interpolation: 'bicubic',
    antialias: true,
    resampler: 'pillow',
  },
  { inputSize: [30, 24], fit: 'resizePad', fillValue: [1, 2, 3], margins: 'even', interpolation: 'nearest', resampler: 'pillow' },
  { inputSize: 24, fit: 'resizePad', interpolation: 'nearest' },
];

describe.each(Object.entries(SOURCES))('%s', (name, read) => {
  test.each(RECORDS)('gives the pixels of preprocess for %o, with and without threads, and has this preprocessing', async (record) => {
    const expected = await Promise.all(files.map(async (file) => preprocess(await decodeImage(file.path), record)));
    for (const more of [{}, { workers }]) {
      const images = await read({ preprocessing: record, ...more });
      expect(images.preprocessing).toEqual(completePreprocessing('test', record));
      expect((await images.toArray()).map(({ pixels }) => pixels)).toEqual(expected);
    }
  });

  test('converts its short options to a preprocessing, and has none for images of original size', async () => {
    const short = await read({ inputSize: [24, 30], fit: 'resizeCrop', interpolation: 'bicubic', antialias: true });
    expect(short.preprocessing).toEqual(
      completePreprocessing('test', { inputSize: [24, 30], fit: 'resizeCrop', interpolation: 'bicubic', antialias: true }),
    );
    const fast = await read({ inputSize: 24, fit: 'crop', resize: 'fast' });
    expect(fast.preprocessing).toEqual(
      completePreprocessing('test', { inputSize: 24, fit: 'crop', interpolation: 'bilinear', antialias: true }),
    );
    const plain = await read({});
    expect(plain).toMatchObject({ preprocessing: undefined, hasOriginalSizes: true });
  });

  test('accepts the preprocessing of another dataset, and rejects incompatible options', async () => {
    const record = RECORDS[2]!;
    expect((await read({ preprocessing: await read({ preprocessing: record }) })).preprocessing).toEqual(
      completePreprocessing('test', record),
    );
    const refusal = async (options: ReadImagesOptions): Promise<string> => {
      try {
        await read(options);
        return 'no error';
      } catch (error) {
        return String(error);
      }
    };
    for (const other of [{ inputSize: 24 }, { fit: 'stretch' }, { interpolation: 'bilinear' }, { antialias: false }] as const) {
      expect(await refusal({ preprocessing: record, ...other })).toMatch(
        `OptionError: ${name}: expected nothing beside \`preprocessing\` for \`${Object.keys(other)[0]!}\``,
      );
    }
    expect(await refusal({ preprocessing: record, resize: 'fast' })).toMatch(
      `OptionError: ${name}: expected 'exact' beside \`preprocessing\` for \`resize\`, received 'fast'.`,
    );
    expect(await refusal({ preprocessing: record, resize: 'exact' })).toBe('no error');
    expect(await refusal({ preprocessing: {} })).toMatch(
      `OptionError: ${name}: expected a model, runtime or dataset whose preprocessing is known for \`preprocessing\``,
    );
    expect(await refusal({ preprocessing: await read({}) })).toMatch('whose preprocessing is known');
    expect(await refusal({ preprocessing: 5 as never })).toMatch(`OptionError: ${name}: expected a preprocessing, or a model`);
    expect(await refusal({ preprocessing: { ...record, fit: 'squash' as never } })).toMatch(
      `OptionError: ${name}: expected one of 'stretch'`,
    );
    expect(await refusal({ preprocessing: { ...record, fit: 'pad', fillValue: [1, 2] } })).toMatch(
      `OptionError: ${name}: expected one value or 3`,
    );
    for (const alone of [{ fit: 'crop' }, { interpolation: 'area' }, { antialias: true }, { resize: 'fast' }] as const) {
      expect(await refusal(alone)).toMatch(
        `OptionError: ${name}: expected nothing without \`inputSize\` for \`${Object.keys(alone)[0]!}\``,
      );
    }
    expect(await refusal({ fit: 'stretch', interpolation: 'bilinear', antialias: false, resize: 'exact' })).toBe('no error');
    expect(await refusal({ inputSize: 24, interpolation: 'area', antialias: true })).toMatch(
      `OptionError: ${name}: expected false with interpolation 'area' for \`antialias\``,
    );
  });
});

test('threads that read and augment in one step give the same preprocessing as separate steps', async () => {
  const read = (more: object) => imageFiles(files, { shuffle: false, ...more });
  for (const [options, transform] of [
    [{}, trainAugmentation('imagenet', 24)],
    [{}, evalTransform(RECORDS[4])],
    [{}, randomResizedCrop(24)],
    [{}, randomFlip()],
    [{ inputSize: 24 }, randomFlip()],
    [{ inputSize: 24 }, trainAugmentation('default', 24)],
  ] as const) {
    const [there, here] = [augment(read({ ...options, workers }), transform, { workers }), augment(read(options), transform)];
    expect(there.preprocessing).toEqual(here.preprocessing);
    expect(there.hasOriginalSizes).toBe(here.hasOriginalSizes);
  }
  const [there, here] = [{ workers }, {}].map((more) => augment(read(more), evalTransform(RECORDS[4]), more));
  expect(await there!.toArray()).toEqual(await here!.toArray());
});

test('an image that the preprocessing reduces to nothing is named, and skipped on request', async () => {
  const narrow = path.join(root, 'narrow.png');
  writeFileSync(narrow, await encodeImage({ width: 400, height: 2, channels: 3, data: new Uint8Array(2400) }));
  const list = [{ path: narrow, label: 0 }, files[1]!];
  const options = { preprocessing: { inputSize: 24, fit: 'resizePad' }, shuffle: false } as const;
  for (const more of [{}, { workers }]) {
    await expect(imageFiles(list, { ...options, ...more }).toArray()).rejects.toThrow(
      `preprocess: expected an image that is at least one pixel high and wide after resizing, received [2, 400] for 24 x 24. It is '${narrow}'.`,
    );
    const skipped: string[] = [];
    const rest = await imageFiles(list, {
      ...options,
      ...more,
      errors: 'skip',
      onSkipped: (errors) => skipped.push(...errors.map(({ origin = '' }) => origin)),
    }).toArray();
    expect([rest.length, skipped]).toEqual([1, [narrow]]);
  }
});

test('a folder cache contains images of one preprocessing', async () => {
  const folder = path.join(root, 'cache');
  const read = (record: Preprocessing) => imageFiles(files, { shuffle: false, preprocessing: record }).cache(folderCache(folder));
  const first = await read(RECORDS[0]!).toArray();
  expect(await read({ ...RECORDS[0]!, interpolation: 'bilinear' }).toArray()).toEqual(first);
  expect(read(RECORDS[0]!).preprocessing).toEqual(completePreprocessing('test', RECORDS[0]!));
  const refusal = (await read(RECORDS[2]!).toArray().catch(String)) as string;
  expect(refusal.replaceAll(root, '<root>')).toMatchInlineSnapshot(
    `"DataError: folderCache: expected images made by 'center crop of 0.429 of the shorter side, then resize to 24 x 24 (bicubic)', '<root>/cache' has images made by 'resize to 24 x 24 (bilinear)'. Delete it, or give another."`,
  );
  const plain = (await imageFiles(files).cache(folderCache(folder)).toArray().catch(String)) as string;
  expect(plain.replaceAll(root, '<root>')).toMatchInlineSnapshot(
    `"DataError: folderCache: expected images made by 'decoding alone', '<root>/cache' has images made by 'resize to 24 x 24 (bilinear)'. Delete it, or give another."`,
  );
});

test('a list of files is reshuffled in every epoch unless disabled', async () => {
  const list = Array.from({ length: 12 }, (_, i) => ({ path: files[0]!.path, label: 0, origin: `${i}` }));
  const order = async (images: Dataset<LabeledImage>): Promise<string> => (await images.toArray()).map(({ origin }) => origin).join(' ');
  const shuffled = imageFiles(list, { inputSize: 4 });
  expect(await order(shuffled)).not.toBe(await order(shuffled));
  const inOrder = imageFiles(list, { inputSize: 4, shuffle: false });
  expect(await order(inOrder)).toBe('0 1 2 3 4 5 6 7 8 9 10 11');
});
