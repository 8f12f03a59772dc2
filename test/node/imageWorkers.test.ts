// The threads run the built package: `npm test` builds it first.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync, copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataError } from '../../src/core/index.js';
import { augment, Dataset, type LabelledImage } from '../../src/data/index.js';
import { randAugment, randomly, sequence, trainAugmentation, transformOf } from '../../src/image/index.js';
import { imageFolder, imageWorkers, randomJpegQuality, recordImages, type ImageWorkers } from '../../src/node/index.js';

const PHOTOS = path.resolve('examples/data/clothing/validation');
let workers: ImageWorkers;
let root: string;

beforeAll(() => {
  workers = imageWorkers({ threads: 2 });
  root = mkdtempSync(path.join(tmpdir(), 'workers-'));
  for (const name of ['hat', 'dress']) {
    mkdirSync(path.join(root, name));
    for (const file of readdirSync(path.join(PHOTOS, name)).slice(0, 5)) copyFileSync(path.join(PHOTOS, name, file), path.join(root, name, file));
  }
});
afterAll(async () => {
  await workers.dispose();
  rmSync(root, { recursive: true });
});

/** A digest of each picture, with its size. */
const bytesOf = async (images: Dataset<LabelledImage>): Promise<string[]> =>
  (await images.toArray()).map(({ pixels: { data, width, height } }) => `${data.constructor.name} ${height} x ${width} ${createHash('md5').update(data).digest('hex')}`);

test.each([{ imageSize: 96 }, { imageSize: 96, dctMethod: 'fast' }, { imageSize: [64, 80], resizing: 'fast', fit: 'crop' }, {}] as const)('pictures read with %o in threads are those of one thread, in order, byte for byte', async (options) => {
  const read = async (more: object) => bytesOf((await imageFolder(root, { ...options, shuffle: false, ...more })).images);
  expect(await read({ workers })).toEqual(await read({}));
});

test('pictures changed in threads are those of one thread, in every epoch', async () => {
  const recipe = sequence(trainAugmentation('imagenet', 64), randAugment(), randomly(0.5, randomJpegQuality([40, 60])));
  const { images } = await imageFolder(root, { imageSize: 80, shuffle: false });
  const [here, there] = [augment(images, recipe, { seed: 3 }), augment(images, recipe, { seed: 3, workers })];
  const first = await bytesOf(here);
  expect(await bytesOf(there)).toEqual(first);
  const second = await bytesOf(here);
  expect(second).not.toEqual(first);
  expect(await bytesOf(there)).toEqual(second);
});

test('pictures sent to a thread stay whole, and so does the memory they are part of', async () => {
  const memory = Buffer.alloc(10 + 4 * 4 * 3, 7);
  const image = { pixels: { width: 4, height: 4, channels: 3, data: memory.subarray(10) }, label: 0, origin: 'a' };
  await augment(Dataset.from([image]), trainAugmentation('default', 8), { workers }).toArray();
  expect(memory).toEqual(Buffer.alloc(10 + 4 * 4 * 3, 7));
  const jpeg = Buffer.concat([Buffer.alloc(16), readFileSync('examples/data/photos/panda.jpg')]);
  const [read] = await recordImages(Dataset.from([{ image: jpeg.subarray(16), label: 0, origin: 'r' }]), { classes: 2, imageSize: 8, workers }).toArray();
  expect(read?.pixels.width).toBe(8);
  expect(jpeg.subarray(16, 18)).toEqual(Buffer.from([0xff, 0xd8]));
});

test('a broken picture in a thread is the error of one thread, and can be skipped and counted', async () => {
  writeFileSync(path.join(root, 'hat', 'broken.jpg'), 'no picture');
  const failure = async (more: object): Promise<unknown> => (await imageFolder(root, { imageSize: 32, shuffle: false, ...more })).images.toArray().catch((error: unknown) => error);
  const [there, here] = [await failure({ workers }), await failure({})] as [DataError, DataError];
  expect(there).toBeInstanceOf(DataError);
  expect([there.message, there.origin]).toEqual([here.message, here.origin]);
  expect(there.cause).toBeInstanceOf(Error);
  const skipped: string[] = [];
  const { images } = await imageFolder(root, { imageSize: 32, workers, onError: 'skip', onSkipped: (items) => { skipped.push(...items.map(({ origin }) => origin ?? '')); } });
  expect(await images.toArray()).toHaveLength(10);
  expect(skipped.map((name) => name.split('/').at(-1))).toEqual(['broken.jpg']);
});

test('threads that were disposed say so', async () => {
  const disposed = imageWorkers({ threads: 1 });
  const { images } = await imageFolder(root, { imageSize: 32, workers: disposed });
  await disposed.dispose();
  await expect(images.take(1).toArray()).rejects.toThrowErrorMatchingInlineSnapshot(`[BackendError: imageWorkers: expected threads that run, received disposed ones. Dispose them after the last pass.]`);
});

test('a function of the caller, a number for workers and a thread count below one are refused', async () => {
  const images = Dataset.from<LabelledImage>([]);
  const own = sequence(trainAugmentation('default', 8), transformOf('negative', (pixels) => pixels));
  expect(() => augment(images, own, { workers })).toThrowErrorMatchingInlineSnapshot(`[OptionError: augment: expected only transforms of this library, since there are workers, for \`transform\`, received 'random crop of 0.5 to 1 of the area, aspect 0.75 to 1.33,...'. A function of your own cannot change threads: leave out workers, or give it a step of its own without them.]`);
  expect(() => augment(images, own, { workers: 2 as never })).toThrowErrorMatchingInlineSnapshot(`[OptionError: augment: expected what imageWorkers() makes for \`workers\`, received 2.]`);
  await expect(imageFolder(root, { workers: 2 as never })).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: imageFolder: expected what imageWorkers() makes for \`workers\`, received 2.]`);
  expect(() => imageWorkers({ threads: 0 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: imageWorkers: expected a positive integer for \`threads\`, received 0.]`);
});
