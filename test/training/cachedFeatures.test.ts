import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { Dataset, imageBatches, type ImageBatch, type LabeledImage } from '../../src/data/index.js';
import { efficientNet } from '../../src/models/index.js';
import { createRuntime } from '../../src/onnx/index.js';
import { callback, fineTune, sgd, type FeatureRuntime, type FineTuneOptions } from '../../src/training/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { fillModel } from '../support/fillModel.js';
import { uniform } from '../support/fill.js';
import { expectNoLeak } from '../support/leaks.js';
import { memoryStore } from '../support/memoryStore.js';
import { TINY } from '../support/tinyNetworks.js';
import { weightsOfAll } from '../support/tinyTraining.js';
import { startWasm } from '../support/wasm.js';

const SIZE = 32;
const PREPROCESSING = { inputSize: [SIZE, SIZE], fit: 'stretch', interpolation: 'bilinear' } as const;
const twoThreads: FeatureRuntime = (features) => createRuntime(features, { threads: 2 });
let reads: number[];

beforeAll(async () => {
  await registerWasmTraining();
  await startWasm();
});
beforeEach(() => {
  reads = [];
});

function build(): tfl.LayersModel {
  const model = efficientNet({ ...TINY, inputSize: SIZE }, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, 2);
  return model;
}

/** Images from `first` on, whose reading is counted. */
function images(first: number, count: number): Dataset<LabeledImage> {
  return Dataset.from(Array.from({ length: count }, (_, i) => first + i))
    .shuffle(count, { seed: 3 })
    .map(read, { varies: false, concurrency: 2 })
    .withPreprocessing(PREPROCESSING);
}

function read(i: number): LabeledImage {
  reads.push(i);
  const data = Float32Array.from(uniform(`cached/${i}`, SIZE * SIZE * 3), (value) => value * 100 + (i % 3) * 60);
  return { pixels: { width: SIZE, height: SIZE, channels: 3, data }, label: i % 3 };
}

/** Ten training images in batches of 4, 4 and 2, and five for validation. */
const options = (more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  train: imageBatches(images(0, 10), { batchSize: 4 }).prefetch(1),
  validation: imageBatches(images(10, 5), { batchSize: 4 }),
  stages: [{ unfreeze: { from: 'block5a' }, epochs: 3 }],
  optimizer: () => sgd({ momentum: 0.9, learningRate: 0.01 }),
  ...more,
});

/** Returns the history, the weights, and how often images were read after the check of the first batches. */
async function train(
  more: Partial<FineTuneOptions>,
  onEpochEnd?: (model: tfl.LayersModel) => void,
): Promise<[history: unknown, weights: number[], reads: number]> {
  const model = build();
  const hooks = callback({
    onTrainBegin: () => {
      reads = [];
    },
    onEpochEnd: () => onEpochEnd?.(model),
  });
  const history = await fineTune(model, options({ ...more, callbacks: [hooks] }));
  const weights = await weightsOfAll(model);
  model.dispose();
  return [history, weights, reads.length];
}

test.each([
  ['TensorFlow.js', undefined],
  ['ONNX Runtime', twoThreads],
])('gives the same history and weights bit by bit, and reads every image once (%s)', async (_, runtime) => {
  const [history, weights, all] = await train({ runtime, featureCacheBytes: 0 });
  const [historyOfCache, weightsOfCache, once] = await train({ runtime });
  expect(historyOfCache).toEqual(history);
  expect(weightsOfCache).toEqual(weights);
  expect([all, once]).toEqual([45, 15]);
  expect(new Set(reads).size).toBe(15);
});

test('computes in each epoch what does not fit', async () => {
  const [history, weights] = await train({ featureCacheBytes: 0 });
  // Room for seven of ten images.
  const bytes = await bytesOfImage();
  const [historyOfCache, weightsOfCache, partly] = await train({ featureCacheBytes: 7 * bytes + 1, validation: undefined });
  const [withoutValidation] = await train({ featureCacheBytes: 0, validation: undefined });
  expect(historyOfCache).toEqual(withoutValidation);
  expect(weightsOfCache).toEqual(weights);
  expect(history).toHaveLength(3);
  expect(partly).toBe(10 + 3 + 3);
});

/** Returns the size of what is kept per image: the outputs of the frozen layers in float32, and an int32 label. */
async function bytesOfImage(): Promise<number> {
  const model = build();
  let bytes = 4;
  const runtime: FeatureRuntime = (features) => {
    for (const { shape } of features.outputs) bytes += 4 * shape.slice(1).reduce<number>((product, side) => product * (side ?? 1), 1);
    return createRuntime(features, { threads: 1 });
  };
  await fineTune(model, options({ runtime, stages: [{ unfreeze: { from: 'block5a' }, epochs: 1 }] }));
  model.dispose();
  return bytes;
}

test.each<[string, (data: Dataset<LabeledImage>) => Dataset<ImageBatch>, times: number]>([
  [
    'images that vary',
    (data) =>
      imageBatches(
        data.map((image) => image, { varies: true }),
        { batchSize: 4 },
      ),
    3,
  ],
  [
    'a function that does not say',
    (data) =>
      imageBatches(
        data.map((image) => image),
        { batchSize: 4 },
      ),
    3,
  ],
  ['batches that are changed after shuffling', (data) => imageBatches(data, { batchSize: 4 }).map((batch) => batch, { varies: false }), 3],
  [
    'a filter',
    (data) =>
      imageBatches(
        data.filter(() => true),
        { batchSize: 4 },
      ),
    3,
  ],
  ['whole batches, shuffled', (data) => imageBatches(data.take(10), { batchSize: 4 }).shuffle(3, { seed: 1 }), 1],
  ['images in memory', (data) => imageBatches(data.take(10), { batchSize: 4 }), 1],
])('%s: trains the same, and reads the images as often as it must (%#)', async (_, batches, times) => {
  const data = (): Partial<FineTuneOptions> => ({
    train: batches(images(0, 10)).withPreprocessing(PREPROCESSING),
    validation: undefined,
  });
  const without = await train({ ...data(), featureCacheBytes: 0 });
  const [history, weights, count] = await train(data());
  expect([history, weights]).toEqual(without.slice(0, 2));
  expect(count).toBe(10 * times);
});

test('keeps whole batches, with their sample weights, where the order is fixed', async () => {
  const data = (): Dataset<ImageBatch & { readonly sampleWeights: tf.Tensor }> =>
    imageBatches(Dataset.from([0, 1, 2, 3, 4, 5]).map(read, { varies: false }), { batchSize: 4 })
      .map((batch) => ({ ...batch, sampleWeights: tf.range(1, 1 + batch.xs.shape[0]) }), { varies: false })
      .withPreprocessing(PREPROCESSING);
  const [history, weights] = await train({ train: data(), validation: undefined, featureCacheBytes: 0 });
  const [historyOfCache, weightsOfCache, once] = await train({ train: data(), validation: undefined });
  expect([historyOfCache, weightsOfCache]).toEqual([history, weights]);
  expect(once).toBe(6);
});

test('repeated and joined data trains the same within `stepsPerEpoch`', async () => {
  const data = (): Partial<FineTuneOptions> => ({
    train: imageBatches(images(0, 6).concat(images(3, 6)).repeat(), { batchSize: 4 }),
    stepsPerEpoch: 4,
    validation: undefined,
  });
  const without = await train({ ...data(), featureCacheBytes: 0 });
  const [history, weights, count] = await train(data());
  expect([history, weights]).toEqual(without.slice(0, 2));
  expect(count).toBeLessThan(without[2]);
});

test('a run that was stopped in the middle of an epoch goes on bit by bit', async () => {
  const store = memoryStore();
  const [history, weights] = await train({ featureCacheBytes: 0 });
  const controller = new AbortController();
  const stop = callback({
    onBatchEnd: (step) => {
      if (step === 1 && store.bytes !== undefined) controller.abort(new Error('stop'));
    },
  });
  const model = build();
  await expect(fineTune(model, options({ store, callbacks: [stop], signal: controller.signal }))).rejects.toThrow('stop');
  model.dispose();
  const [historyOfCache, weightsOfCache, count] = await train({ store });
  expect([historyOfCache, weightsOfCache]).toEqual([history, weights]);
  expect(count).toBe(15);
});

test('frozen weights that a callback changes are taken into account in the next epoch', async () => {
  const change = (model: tfl.LayersModel): void => {
    tf.tidy(() => {
      const layer = model.getLayer('stem_conv');
      layer.setWeights(layer.getWeights().map((weight) => tf.mul(weight, 20)));
    });
  };
  const without = await train({ featureCacheBytes: 0 }, change);
  const [history, weights, count] = await train({}, change);
  expect([history, weights]).toEqual(without.slice(0, 2));
  expect(count).toBe(45);
});

test('leaves no tensor, also when it is aborted, an image cannot be read, or labels are out of range', async () => {
  const model = build();
  await expectNoLeak(() => fineTune(model, options()));
  const stop = (): Partial<FineTuneOptions> => {
    const controller = new AbortController();
    const callbacks = [
      callback({
        onEpochEnd: () => {
          controller.abort(new Error('stop'));
        },
      }),
    ];
    return { callbacks, signal: controller.signal };
  };
  await expectNoLeak(async () => {
    await expect(fineTune(model, options(stop()))).rejects.toThrow('stop');
  });
  const broken = (fail: (image: LabeledImage) => LabeledImage): Partial<FineTuneOptions> => ({
    train: imageBatches(
      images(0, 10).map((image, { index }) => (index === 9 ? fail(image) : image), { varies: false }),
      { batchSize: 4 },
    ),
  });
  await expectNoLeak(async () => {
    const unreadable = broken(() => {
      throw new Error('not an image');
    });
    await expect(fineTune(model, options(unreadable))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: Dataset.map: item 9: not an image]`,
    );
  });
  await expectNoLeak(async () => {
    await expect(fineTune(model, options(broken((image) => ({ ...image, label: 3 }))))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: fineTune: expected labels in [0, 3), one of the model's 3 classes, received 3 at step 2 of epoch 0.]`,
    );
  });
  await expectNoLeak(async () => {
    await expect(fineTune(model, options({ featureCacheBytes: -1 }))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: fineTune: expected an integer of at least 0 for \`featureCacheBytes\`, received -1.]`,
    );
  });
  model.dispose();
});
