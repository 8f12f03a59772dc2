// The threads run the built package: `npm test` builds it first.

import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { augment, Dataset, imageBatches, type ImageBatch, type LabeledImage } from '../../src/data/index.js';
import { colorJitter, randomAffine, randomFlip, sequence, transformOf, type Pixels } from '../../src/image/index.js';
import { imageFolder, imageWorkers, type ImageWorkers } from '../../src/node/images/index.js';
import { selectBackend } from '../../src/node/backends/index.js';

const PHOTOS = path.resolve('examples/data/clothing/validation');
const RECIPE = sequence(randomFlip(), colorJitter({ brightness: 0.1, contrast: 0.2, saturation: 0.2 }), randomAffine({ rotation: 10 }));
let workers: ImageWorkers;
let root: string;

beforeAll(async () => {
  workers = imageWorkers({ threads: 2 });
  root = mkdtempSync(path.join(tmpdir(), 'own-'));
  for (const name of ['hat', 'dress']) {
    mkdirSync(path.join(root, name));
    for (const file of readdirSync(path.join(PHOTOS, name)).slice(0, 20))
      copyFileSync(path.join(PHOTOS, name, file), path.join(root, name, file));
  }
  await selectBackend(['wasm']);
});
afterAll(async () => {
  await workers.dispose();
  rmSync(root, { recursive: true });
});

const read = async (more: object = {}): Promise<Dataset<LabeledImage>> =>
  (await imageFolder(root, { inputSize: 32, shuffle: false, ...more })).images;

/** Returns a digest of each image. */
const digest = (images: readonly { readonly data: Pixels['data'] }[]): string[] =>
  images.map(({ data }) => createHash('md5').update(Float32Array.from(data)).digest('hex'));

async function batched(batches: Dataset<ImageBatch>): Promise<string[]> {
  const found: string[] = [];
  for await (const { xs, ys } of batches) {
    const values = (await xs.data()) as Float32Array;
    const size = values.length / xs.shape[0];
    found.push(...digest(Array.from({ length: xs.shape[0] }, (_, i) => ({ data: values.slice(i * size, (i + 1) * size) }))));
    tf.dispose([xs, ys]);
  }
  return found;
}

const single = async (images: Dataset<LabeledImage>): Promise<string[]> => digest((await images.toArray()).map(({ pixels }) => pixels));

describe.each(['one thread', 'threads'])('with %s', (how) => {
  const threads = (): { workers?: ImageWorkers } => (how === 'threads' ? { workers } : {});

  test.each([undefined, 4])(
    'batches are right in every epoch although buffers are reused (augment with concurrency %s)',
    async (concurrency) => {
      const at = { seed: 1, ...threads(), ...(concurrency === undefined ? {} : { concurrency }) };
      const [plain, changed] = [await read(threads()), augment(await read(threads()), RECIPE, at)].map((images) =>
        imageBatches(images),
      ) as [Dataset<ImageBatch>, Dataset<ImageBatch>];
      const reference = augment(await read(), RECIPE, { seed: 1 });
      for (let epoch = 0; epoch < 3; epoch++) {
        expect(await batched(plain)).toEqual(await single(await read()));
        expect(await batched(changed)).toEqual(await single(reference));
      }
    },
  );

  test('a transform that returns some images unchanged does not release their buffers', async () => {
    const [changed, reference] = await Promise.all(
      [threads(), {}].map(async (more) => augment(await read(more), randomFlip(), { concurrency: 4, ...more })),
    );
    expect(await batched(imageBatches(changed!))).toEqual(await single(reference!));
  });

  test('augment does not modify images of the caller', async () => {
    const images = await (await read()).toArray();
    const copies = structuredClone(images);
    const batches = imageBatches(augment(Dataset.from(images), RECIPE, threads()));
    for (let epoch = 0; epoch < 2; epoch++) await batched(batches);
    expect(images).toEqual(copies);
  });

  test('the buffers of images that other code may still use are not reused', async () => {
    const kept: Pixels[] = [];
    const keep = transformOf('keep', (pixels) => {
      kept.push(pixels);
      return { ...pixels, data: Float32Array.from(pixels.data) };
    });
    const [images, reference] = [await read(threads()), await single(await read())];
    const cached = images.cache();
    for (let epoch = 0; epoch < 2; epoch++) {
      expect(await batched(imageBatches(cached))).toEqual(reference);
      expect(
        await batched(
          imageBatches(
            images.map((image) => {
              kept.push(image.pixels);
              return image;
            }),
          ),
        ),
      ).toEqual(reference);
      expect(await batched(imageBatches(augment(images, keep)))).toEqual(reference);
    }
    expect(digest(kept)).toEqual([...reference, ...reference, ...reference, ...reference]);
  });
});

test('buffers of images that a pass has yielded to the caller are not reused by batches of the same dataset', async () => {
  const images = augment(await read(), RECIPE, { seed: 1 });
  const yielded = await images.toArray();
  const copies = structuredClone(yielded);
  const batches = imageBatches(images);
  for (let epoch = 0; epoch < 2; epoch++) await batched(batches);
  expect(yielded).toEqual(copies);
});

test.each(['one thread', 'two worker tasks', 'one worker task'])('images read and transformed in %s may be reused', async (how) => {
  const threads = how === 'one thread' ? {} : { workers };
  const images = await read(threads);
  const changed = augment(images, RECIPE, { ...threads, ...(how === 'two worker tasks' ? { concurrency: 4 } : {}) });
  expect(changed.traits.isReaderOnlyOwner).toBe(true);
  expect(augment(changed, RECIPE, threads).traits.isReaderOnlyOwner).toBe(true);
  expect(augment(images.cache(), RECIPE, threads).traits.isReaderOnlyOwner).toBe(false);
});

test('a batch grows when the number of images is unknown, and a smaller last batch is cut', async () => {
  const images = (await read()).take(35).filter(() => true);
  expect(images.size).toBeNaN();
  const reference = await single(images);
  expect(await batched(imageBatches(images, { batchSize: 1_000_000 }))).toEqual(reference);
  expect(await batched(imageBatches(images, { batchSize: 34 }))).toEqual(reference);
});
