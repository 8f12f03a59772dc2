import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import { augment, cutMix, Dataset, imageBatches, mixUp, type ImageBatch, type LabeledImage } from '../../src/data/index.js';
import { blendBatch, cutMixBox, pasteBatch } from '../../src/data/mix.js';
import { randAugment, randomFlip, randomResizedCrop, sequence, trainAugmentation } from '../../src/image/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function sampleImages(count: number, side = 20): LabeledImage[] {
  return Array.from({ length: count }, (_, i) => {
    const random = createRandom(i);
    return {
      pixels: { height: side, width: side, channels: 3, data: Uint8Array.from({ length: side * side * 3 }, () => random.integer(256)) },
      label: Float32Array.of(i % 2, 1 - (i % 2)),
      origin: `${i}.jpg`,
    };
  });
}

async function bytesOf(batches: Dataset<ImageBatch>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const { xs, ys } of batches) {
    for (const tensor of [xs, ys]) parts.push(new Uint8Array((await tensor.data()).buffer.slice(0)));
    tf.dispose([xs, ys]);
  }
  return Buffer.concat(parts);
}

test('the same seed gives the same bytes with concurrency 1 and 8; another seed or epoch does not', async () => {
  const recipe = sequence(trainAugmentation('imagenet', 16), randAugment());
  const batches = (seed: number, concurrency: number) =>
    imageBatches(augment(Dataset.from(sampleImages(10)).shuffle(10, { seed }), recipe, { seed, concurrency }), { batchSize: 4 })
      .map(mixUp({ seed }))
      .prefetch(2);
  const [one, eight] = [batches(1, 1), batches(1, 8)];
  const first = await bytesOf(one);
  expect(first.equals(await bytesOf(eight))).toBe(true);
  const second = await bytesOf(one);
  expect(second.equals(first)).toBe(false);
  expect(second.equals(await bytesOf(eight))).toBe(true);
  expect((await bytesOf(batches(2, 1))).equals(first)).toBe(false);
});

test('the result for an image depends on its origin, not on its position', async () => {
  const recipe = randomResizedCrop(8);
  const seen = async (items: LabeledImage[]) =>
    new Map((await augment(Dataset.from(items), recipe, { seed: 5 }).toArray()).map((item) => [item.origin, item.pixels.data]));
  expect(await seen(sampleImages(6).reverse())).toEqual(new Map([...(await seen(sampleImages(6)))].reverse()));
});

test.each([mixUp, cutMix])('%o mixes images and labels in the same proportion and disposes the batch that it is given', async (mix) => {
  // Each image has one value, so that the mean of a mixed image is its share.
  const items = Array.from({ length: 4 }, (_, i) => ({
    pixels: { height: 10, width: 10, channels: 3, data: new Uint8Array(300).fill(i === 0 ? 255 : 0) },
    label: Float32Array.of(i === 0 ? 1 : 0, i === 0 ? 0 : 1),
    origin: `${i}`,
  }));
  const before = tf.memory().numTensors;
  let mixed = 0;
  for (let seed = 0; seed < 10; seed++) {
    for await (const { xs, ys } of imageBatches(Dataset.from(items), { batchSize: 4 }).map(mix({ seed, alpha: 1 }))) {
      const means = await tf.tidy(() => tf.div(tf.mean(xs, [1, 2, 3]), 255)).array();
      const labels = (await ys.array()) as number[][];
      labels.forEach(([own, other], i) => {
        expect(own! + other!).toBeCloseTo(1, 5);
        expect(own).toBeCloseTo((means as number[])[i]!, 4);
        if (own! > 0.01 && own! < 0.99) mixed++;
      });
      tf.dispose([xs, ys]);
    }
  }
  expect(mixed).toBeGreaterThan(5);
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(10);
});

interface Mixes {
  cutmix: {
    height: number;
    width: number;
    share: number;
    center: [number, number];
    rows: number[];
    columns: number[];
    kept: number;
    labels: number[];
  }[];
  batch: { height: number; width: number; classes: number; labels: number[]; images: number[] };
  batches: { kind: 'mixUp' | 'cutMix'; share: number; rows: [number, number]; columns: [number, number]; xs: number[]; ys: number[] }[];
}
const mixes = JSON.parse(readFileSync(new URL('../fixtures/image/mix.json', import.meta.url), 'utf8')) as Mixes;

test.each(mixes.cutmix)('the CutMix box of share $share on $height x $width and its labels equal those of timm', async (c) => {
  const draws = [...c.center];
  const random = { ...createRandom(0), integer: () => draws.shift()! };
  const box = cutMixBox(c.height, c.width, c.share, random);
  expect(box).toEqual({ rows: c.rows, columns: c.columns });
  // timm pairs the batch with its reverse.
  const ys = tf.tidy(
    () => pasteBatch({ xs: tf.zeros([2, c.height, c.width, 3]), ys: tf.oneHot([0, 2], 3) }, tf.tensor1d([1, 0], 'int32'), box).ys,
  );
  expect(await ys.data()).toBeAllclose(c.labels, { tolerance: 1e-6 });
  ys.dispose();
});

test.each(mixes.batches)(
  '$kind (share $share) gives the images and labels of torchvision',
  async ({ kind, share, rows, columns, xs, ys }) => {
    const { height, width, classes, labels, images } = mixes.batch;
    const mixed = tf.tidy(() => {
      const batch = { xs: tf.tensor4d(images, [labels.length, height, width, 3]), ys: tf.cast(tf.oneHot(labels, classes), 'float32') };
      // torchvision pairs each image with the one before it.
      const partner = tf.tensor1d([3, 0, 1, 2], 'int32');
      return kind === 'mixUp' ? blendBatch(batch, partner, share) : pasteBatch(batch, partner, { rows, columns });
    });
    expect(await mixed.xs.data()).toBeAllclose(xs, { tolerance: 1e-3 });
    expect(await mixed.ys.data()).toBeAllclose(ys, { tolerance: 1e-6 });
    tf.dispose([mixed.xs, mixed.ys]);
  },
);

test('class indices are refused, because they cannot be mixed', async () => {
  const items = sampleImages(2).map((item) => ({ ...item, label: 1 }));
  await expect(imageBatches(Dataset.from(items)).map(mixUp()).toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: mixUp: expected labels [batch, classes], received int32 of rank 1. Use labelMode 'categorical'.]`,
  );
});

test('augmented items vary from epoch to epoch, through every step until they are cached', () => {
  const images = Dataset.from<LabeledImage>([]);
  const changed = augment(images, randomFlip());
  expect([images, images.shuffle(2), images.map((image) => image)].map(({ varies }) => varies)).toEqual([false, false, false]);
  expect(
    [changed, changed.prefetch(1), imageBatches(changed), images.concat(changed), images.map((image) => image, { varies: true })].map(
      ({ varies }) => varies,
    ),
  ).toEqual([true, true, true, true, true]);
  expect(changed.cache().varies).toBe(false);
});

test.each([mixUp, cutMix])('%o refuses and disposes an item that is not a batch with label vectors', async (mix) => {
  const before = tf.memory().numTensors;
  const wrong = [
    () => 1 as never,
    () => ({ xs: tf.zeros([2, 4, 4, 3]) }) as never,
    () => ({ xs: tf.zeros<tf.Rank.R4>([2, 4, 4, 3]), ys: tf.zeros([2], 'int32') }),
  ];
  for (const item of wrong) {
    await expect(Dataset.from([0]).map(item).map(mix()).toArray()).rejects.toThrow(`${mix.name}: expected`);
  }
  expect(tf.memory().numTensors).toBe(before);
});

test('augment names itself in errors about items that are not images and transforms that fail', async () => {
  await expect(augment(Dataset.from([{ image: 1 }] as never), randomFlip()).toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: augment: expected labeled images { pixels, label }, received { image: number }.]`,
  );
  const failing = {
    describe: () => 'fails',
    apply: () => {
      throw new Error('no memory');
    },
  };
  await expect(augment(Dataset.from(sampleImages(1)), failing).toArray()).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: augment: item 0, '0.jpg': no memory]`,
  );
});
