// Conversion to and from the real @tensorflow/tfjs-data, and training on converted datasets.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfData from '@tensorflow/tfjs-data';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { Dataset, imageBatches, type LabeledImage } from '../../src/data/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('tfjs-data reads a converted dataset several times and adds its own steps', async () => {
  const theirs = Dataset.range(6)
    .toTfData(tfData)
    .map((n) => 10 * (n as number))
    .filter((n) => n !== 30);
  expect(await theirs.toArray()).toEqual([0, 10, 20, 40, 50]);
  expect(await theirs.toArray()).toEqual([0, 10, 20, 40, 50]);
});

test('fromTfData reads a dataset of tfjs-data and takes over its size', async () => {
  const ours = Dataset.fromTfData<number>(tfData.array([1, 2, 3, 4]));
  expect(ours.size).toBe(4);
  expect(
    await ours
      .map((n) => n * n)
      .batch(3)
      .toArray(),
  ).toEqual([[1, 4, 9], [16]]);
  expect(await ours.toArray()).toEqual([1, 2, 3, 4]);
});

test('a model trains on batches that were converted to tfjs-data and back, without leaks', async () => {
  const images = Array.from({ length: 6 }, (_, i): LabeledImage => ({
    pixels: { width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(i < 3 ? 0 : 255) },
    label: Float32Array.of(i < 3 ? 1 : 0, i < 3 ? 0 : 1),
  }));
  const theirs = imageBatches(Dataset.from(images), { batchSize: 3 }).toTfData(tfData);
  const model = sequential({
    layers: [
      layers.rescaling({ scale: 1 / 255, inputShape: [2, 2, 3] }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.5), loss: 'categoricalCrossentropy' });
  const first = await model.fitDataset(theirs, { epochs: 1, verbose: 0 });
  const before = tf.memory().numTensors;
  const second = await model.fitDataset(Dataset.fromTfData(theirs), { epochs: 20, verbose: 0 });
  expect(tf.memory().numTensors).toBe(before);
  expect(second.history['loss']!.at(-1)).toBeLessThan(first.history['loss']![0] as number);
  model.dispose();
});
