// The threads run the built package: `npm test` builds it first.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync, copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataError } from '../../../src/core/index.js';
import { augment, Dataset, type LabeledImage } from '../../../src/data/index.js';
import { randAugment, randomly, sequence, trainAugmentation, transformOf } from '../../../src/image/index.js';
import { imageFolder, imageWorkers, randomJpegQuality, recordImages, type ImageWorkers } from '../../../src/node/images/index.js';

const PHOTOS = path.resolve('examples/data/clothing/validation');
let workers: ImageWorkers;
let root: string;

beforeAll(() => {
  workers = imageWorkers({ threads: 2 });
  root = mkdtempSync(path.join(tmpdir(), 'workers-'));
  for (const name of ['hat', 'dress']) {
    mkdirSync(path.join(root, name));
    for (const file of readdirSync(path.join(PHOTOS, name)).slice(0, 5))
      copyFileSync(path.join(PHOTOS, name, file), path.join(root, name, file));
  }
});
afterAll(async () => {
  await workers.dispose();
  rmSync(root, { recursive: true });
});

/** A digest of each picture, with its size. */
const bytesOf = async (images: Dataset<LabeledImage>): Promise<string[]> =>
  (await images.toArray()).map(
    ({ pixels: { data, width, height } }) =>
      `${data.constructor.name} ${height} x ${width} ${createHash('md5').update(data).digest('hex')}`,
  );

test.each([{ inputSize: 96 }, { inputSize: 96, dctMethod: 'fast' }, { inputSize: [64, 80], resize: 'fast', fit: 'crop' }, {}] as const)(
  'images read with %o in threads are those of one thread, in order, byte for byte',
  async (options) => {
    const read = async (more: object) => bytesOf((await imageFolder(root, { ...options, shuffle: false, ...more })).images);
    expect(await read({ workers })).toEqual(await read({}));
  },
);

interface DecodeCase {
  readonly name: string;
  readonly bytes: string;
  readonly pixels: number[];
  readonly fast?: number[];
}
const { cases } = JSON.parse(readFileSync('test/fixtures/node/decode.json', 'utf8')) as { cases: DecodeCase[] };

/** Encoded pictures as threads and as this thread read them. */
const readBoth = async (
  pictures: readonly Uint8Array[],
  options: object = {},
): Promise<readonly [there: LabeledImage[], here: LabeledImage[]]> => {
  const records = Dataset.from(pictures.map((image, i) => ({ image, label: 0, origin: `picture ${i}` })));
  const read = (more: object): Promise<LabeledImage[]> => recordImages(records, { classes: 2, ...options, ...more }).toArray();
  return [await read({ workers }), await read({})];
};

test.each(['accurate', 'fast'] as const)(
  "a thread's own decoder gives TensorFlow's numbers, %s, and what is no plain JPEG is decoded as ever",
  async (dctMethod) => {
    const [there, here] = await readBoth(
      cases.map(({ bytes }) => Buffer.from(bytes, 'base64')),
      { dctMethod },
    );
    expect(there).toEqual(here);
    cases.forEach(({ name, pixels, fast = pixels }, i) => {
      if (name.startsWith('jpeg') && name !== 'jpegCmyk')
        expect(Array.from(there[i]!.pixels.data)).toEqual(dctMethod === 'fast' ? fast : pixels);
    });
  },
);

test.each(['accurate', 'fast'] as const)(
  'bitmaps, CMYK, turned and damaged JPEGs are in a thread what they are in one, %s',
  async (dctMethod) => {
    const formats = (
      JSON.parse(readFileSync('test/fixtures/node/formats.json', 'utf8')) as {
        cases: readonly { bytes: string; pixels: string; fast?: string; tolerance?: number }[];
      }
    ).cases;
    const [there, here] = await readBoth(
      formats.map(({ bytes }) => Buffer.from(bytes, 'base64')),
      { dctMethod },
    );
    expect(there).toEqual(here);
    formats.forEach(({ pixels, fast = pixels, tolerance }, i) => {
      if (tolerance === undefined)
        expect(Buffer.from(there[i]!.pixels.data)).toEqual(Buffer.from(dctMethod === 'fast' ? fast : pixels, 'base64'));
    });
  },
);

test('gray, turned and upright camera images and one larger than a thread keeps memory for are those of one thread', async () => {
  const photo = sharp(readFileSync('examples/data/photos/panda.jpg'));
  const pictures = await Promise.all([
    photo.clone().greyscale().jpeg().toBuffer(),
    ...[1, 3, 6].map((orientation) => photo.clone().withMetadata({ orientation }).jpeg().toBuffer()),
    photo.clone().resize(4200, 4100, { fit: 'fill' }).jpeg({ quality: 30 }).toBuffer(),
  ]);
  const [there, here] = await readBoth(pictures, { inputSize: 64 });
  expect(there).toEqual(here);
});

test('damaged JPEGs fail in a thread as in one, and those after them are whole', async () => {
  const photo = readFileSync('examples/data/photos/panda.jpg');
  const flipped = Uint8Array.from(photo);
  flipped.fill(0xff, photo.length / 2, photo.length / 2 + 64);
  const failures: string[][] = [];
  const onSkipped = (errors: readonly DataError[]): void => {
    failures.push(errors.map(({ message }) => message));
  };
  // One at a time: sharp mixes up the reasons of images that fail at the same time.
  const pictures = [photo.subarray(0, 5000), photo, flipped, photo.subarray(0, 100), photo];
  const [there, here] = await readBoth(pictures, { inputSize: 32, concurrency: 1, errors: 'skip', onSkipped });
  expect(there).toEqual(here);
  expect(there.length).toBeGreaterThanOrEqual(2);
  expect(failures[0]!.length).toBeGreaterThanOrEqual(2);
  expect(failures[0]).toEqual(failures[1]);
});

test.each(['accurate', 'fast'] as const)('images read beside damaged ones are what they are alone, %s', async (dctMethod) => {
  const photo = readFileSync('examples/data/photos/panda.jpg');
  const options = { inputSize: 32, dctMethod, errors: 'skip', onSkipped: () => undefined };
  const [[alone]] = await readBoth([photo], options);
  const mixed = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? photo : photo.subarray(0, 5000 + i)));
  for (const found of await readBoth(mixed, { ...options, concurrency: 16 })) {
    expect(found).toHaveLength(20);
    for (const { pixels } of found) expect(pixels).toEqual(alone!.pixels);
  }
});

test('images changed in threads are those of one thread, in every epoch', async () => {
  const recipe = sequence(trainAugmentation('imagenet', 64), randAugment(), randomly(0.5, randomJpegQuality([40, 60])));
  const { images } = await imageFolder(root, { inputSize: 80, shuffle: false });
  const [here, there] = [augment(images, recipe, { seed: 3 }), augment(images, recipe, { seed: 3, workers })];
  const first = await bytesOf(here);
  expect(await bytesOf(there)).toEqual(first);
  const second = await bytesOf(here);
  expect(second).not.toEqual(first);
  expect(await bytesOf(there)).toEqual(second);
});

test.each([{}, { concurrency: 2 }])(
  'images the same threads read and change are those of one thread, in every epoch, %o',
  async (options) => {
    const recipe = sequence(trainAugmentation('default', 64), randomly(0.5, randomJpegQuality([40, 60])));
    const read = async (more: object) => (await imageFolder(root, { inputSize: 80, shuffle: false, ...more })).images;
    const [here, there] = [
      augment(await read({}), recipe, { seed: 3 }),
      augment(await read({ workers }), recipe, { seed: 3, workers, ...options }),
    ];
    expect(there.varies).toBe(true);
    expect(there.size).toBe(here.size);
    for (let epoch = 0; epoch < 2; epoch++) expect(await bytesOf(there)).toEqual(await bytesOf(here));
  },
);

test('an image is sent to a thread once when it is read and changed there, and no more often than necessary', async () => {
  const calls: string[] = [];
  const watched: ImageWorkers = {
    ...workers,
    read: (source, settings, change) => {
      calls.push(change === undefined ? 'read' : 'read and change');
      return workers.read(source, settings, change);
    },
    transform: (pixels, change) => {
      calls.push('change');
      return workers.transform(pixels, change);
    },
  };
  const { images } = await imageFolder(root, { inputSize: 80, workers: watched, concurrency: 2 });
  const recipe = trainAugmentation('default', 64);
  for await (const { pixels } of augment(images, recipe, { workers: watched })) {
    expect(pixels.width).toBe(64);
    break;
  }
  expect(calls.length).toBeLessThanOrEqual(4);
  expect(new Set(calls)).toEqual(new Set(['read and change']));
  calls.length = 0;
  await augment(images.take(1), recipe, { workers: watched }).toArray();
  expect(calls).toContain('change');
  calls.length = 0;
  await augment(images, recipe, { workers }).toArray();
  expect(new Set(calls)).toEqual(new Set(['read']));
});

test('images changed twice in threads are those of one thread', async () => {
  const [first, second] = [trainAugmentation('default', 64), randAugment()];
  const twice = async (more: object): Promise<string[]> => {
    const { images } = await imageFolder(root, { inputSize: 80, shuffle: false, ...more });
    return bytesOf(augment(augment(images, first, { seed: 1, ...more }), second, { seed: 2, ...more }));
  };
  expect(await twice({ workers })).toEqual(await twice({}));
});

test('images sent to a thread stay whole, and so does the memory they are part of', async () => {
  const memory = Buffer.alloc(10 + 4 * 4 * 3, 7);
  const image = { pixels: { width: 4, height: 4, channels: 3, data: memory.subarray(10) }, label: 0, origin: 'a' };
  await augment(Dataset.from([image]), trainAugmentation('default', 8), { workers }).toArray();
  expect(memory).toEqual(Buffer.alloc(10 + 4 * 4 * 3, 7));
  const jpeg = Buffer.concat([Buffer.alloc(16), readFileSync('examples/data/photos/panda.jpg')]);
  const [read] = await recordImages(Dataset.from([{ image: jpeg.subarray(16), label: 0, origin: 'r' }]), {
    classes: 2,
    inputSize: 8,
    workers,
  }).toArray();
  expect(read?.pixels.width).toBe(8);
  expect(jpeg.subarray(16, 18)).toEqual(Buffer.from([0xff, 0xd8]));
});

test('a broken image in a thread is the error of one thread, and can be skipped and counted', async () => {
  writeFileSync(path.join(root, 'hat', 'broken.jpg'), 'no picture');
  const failure = async (more: object): Promise<unknown> =>
    (await imageFolder(root, { inputSize: 32, shuffle: false, ...more })).images.toArray().catch((error: unknown) => error);
  const [there, here] = [await failure({ workers }), await failure({})] as [DataError, DataError];
  expect(there).toBeInstanceOf(DataError);
  expect([there.message, there.origin]).toEqual([here.message, here.origin]);
  expect(there.cause).toBeInstanceOf(Error);
  const unread = augment((await imageFolder(root, { inputSize: 32, shuffle: false, workers })).images, trainAugmentation('default', 32), {
    workers,
  });
  expect(((await unread.toArray().catch((error: unknown) => error)) as DataError).message).toBe(here.message);
  const skipped: string[] = [];
  const { images } = await imageFolder(root, {
    inputSize: 32,
    workers,
    errors: 'skip',
    onSkipped: (items) => {
      skipped.push(...items.map(({ origin }) => origin ?? ''));
    },
  });
  expect(await images.toArray()).toHaveLength(10);
  expect(skipped.map((name) => name.split('/').at(-1))).toEqual(['broken.jpg']);
});

test('threads that were disposed say so', async () => {
  const disposed = imageWorkers({ threads: 1 });
  const { images } = await imageFolder(root, { inputSize: 32, workers: disposed });
  await disposed.dispose();
  await expect(images.take(1).toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: imageWorkers: expected threads that run, received disposed ones. Dispose them after the last pass.]`,
  );
});

test('a function of the caller, a number for workers and a thread count below one are refused', async () => {
  const images = Dataset.from<LabeledImage>([]);
  const own = sequence(
    trainAugmentation('default', 8),
    transformOf('negative', (pixels) => pixels),
  );
  expect(() => augment(images, own, { workers })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: augment: expected only transforms of this library beside \`workers\` for \`transform\`, received 'random crop of 0.5 to 1 of the area, aspect ratio 0.75 to...'. A function of your own cannot run in the workers: leave out \`workers\`, or apply it in another \`augment\` without them.]`,
  );
  expect(() => augment(images, own, { workers: 2 as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: augment: expected what imageWorkers() returns for \`workers\`, received 2.]`,
  );
  await expect(imageFolder(root, { workers: 2 as never })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: imageFolder: expected what imageWorkers() returns for \`workers\`, received 2.]`,
  );
  expect(() => imageWorkers({ threads: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: imageWorkers: expected a positive integer for \`threads\`, received 0.]`,
  );
});
