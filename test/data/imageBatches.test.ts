import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { augment, collate, Dataset, imageBatches, type LabeledImage } from '../../src/data/index.js';
import { randomFlip } from '../../src/image/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const image = (value: number, width = 2, label: LabeledImage['label'] = Float32Array.of(1, 0)): LabeledImage => ({
  pixels: { height: 2, width, channels: 3, data: new Uint8Array(2 * width * 3).fill(value) },
  label,
  origin: `${value}.jpg`,
});
const images = Dataset.from([1, 2, 3, 4, 5].map((value) => image(value)));

test('images become float32 batches, the last one smaller', async () => {
  const batches = await imageBatches(images, { batchSize: 2 }).toArray();
  expect(batches.map(({ xs, ys }) => [xs.shape, ys.shape, xs.dtype, ys.dtype])).toEqual([
    [[2, 2, 2, 3], [2, 2], 'float32', 'float32'],
    [[2, 2, 2, 3], [2, 2], 'float32', 'float32'],
    [[1, 2, 2, 3], [1, 2], 'float32', 'float32'],
  ]);
  expect(await batches[1]!.xs.data()).toBeAllclose([...Array<number>(12).fill(3), ...Array<number>(12).fill(4)]);
  tf.dispose(batches as never);
});

test('class indices become an int32 vector', async () => {
  const { xs, ys } = collate([image(1, 2, 7), image(2, 2, 3)]);
  expect([ys.dtype, ...(await ys.data())]).toEqual(['int32', 7, 3]);
  tf.dispose([xs, ys]);
});

test('images or labels of different sizes are refused, and the error names the image', () => {
  expect(() => collate([image(1), image(2, 3)])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: collate: expected images of one size, received [2, 2, 3] and [2, 3, 3] from '2.jpg'. Resize them first.]`,
  );
  expect(() => collate([image(1), image(2, 2, 1)])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: collate: expected labels of one kind, received a vector of 2 and a class index from '2.jpg'.]`,
  );
});

test('fitDataset trains for several epochs, each with a new pass, and leaks no tensors', async () => {
  const model = tfl.sequential({
    layers: [tfl.layers.flatten({ inputShape: [2, 2, 3] }), tfl.layers.dense({ units: 2, activation: 'softmax' })],
  });
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  const epochs: number[] = [];
  const train = imageBatches(
    images.shuffle(5, { seed: 1 }).map((item, { epoch, index }) => {
      if (index === 0) epochs.push(epoch);
      return item;
    }),
    { batchSize: 2 },
  ).prefetch(2);
  const validation = imageBatches(images, { batchSize: 5 }).cache();
  const fit = () => model.fitDataset(train, { epochs: 3, validationData: validation, verbose: 0 });
  await fit();
  await validation.dispose();
  const before = tf.memory().numTensors;
  await fit();
  await validation.dispose();
  expect(tf.memory().numTensors).toBe(before);
  expect(epochs).toEqual([0, 1, 2, 3, 4, 5]);
  model.dispose();
});

test('dispose frees the batches that fitDataset leaves unread with batchesPerEpoch', async () => {
  const model = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [2, 2, 3] }), tfl.layers.dense({ units: 2 })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const train = imageBatches(images.repeat(), { batchSize: 2 }).prefetch(3);
  const fit = async () => {
    await model.fitDataset(train, { epochs: 2, batchesPerEpoch: 2, verbose: 0 });
    await train.dispose();
  };
  await fit();
  const before = tf.memory().numTensors;
  await fit();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test('pixels that are not finite are refused, and the error says where they are', () => {
  const data = new Float32Array(12);
  data[10] = NaN;
  const broken = { ...image(2), pixels: { height: 2, width: 2, channels: 3, data } };
  expect(() => collate([image(1), broken])).toThrowErrorMatchingInlineSnapshot(
    `[DataError: collate: expected finite pixels in '2.jpg', received NaN at row 1, column 1, channel 1.]`,
  );
  data[10] = -Infinity;
  expect(() => collate([broken])).toThrow("collate: expected finite pixels in '2.jpg', received -Infinity at row 1, column 1, channel 1.");
});

test.each<[LabeledImage['label'], string]>([
  [-1, "collate: expected a class index, an integer of at least 0, for '1.jpg', received -1."],
  [1.7, 'received 1.7.'],
  [NaN, 'received NaN.'],
  [Float32Array.of(0, 2), "collate: expected a label vector of numbers in [0, 1] for '1.jpg', received 2."],
  [Float32Array.of(-0.5, 1), 'received -0.5.'],
  [Float32Array.of(NaN, 1), 'received NaN.'],
])('the label %s is refused', (label, message) => {
  expect(() => collate([image(1, 2, label)])).toThrow(message);
});

test('batches instead of images are refused and disposed', async () => {
  const batches = imageBatches(images) as never;
  const before = tf.memory().numTensors;
  await expect(imageBatches(batches).toArray()).rejects.toThrow('imageBatches: expected labeled images { pixels, label }, received { xs:');
  await expect(augment(batches, randomFlip()).toArray()).rejects.toThrow('augment: expected labeled images { pixels, label }');
  expect(tf.memory().numTensors).toBe(before);
});
