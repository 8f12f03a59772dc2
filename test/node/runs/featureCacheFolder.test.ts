import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { Dataset, imageBatches, type LabeledImage } from '../../../src/data/index.js';
import { efficientNet } from '../../../src/models/index.js';
import { featureCacheFolder } from '../../../src/node/runs/index.js';
import { callback, fineTune, sgd, type FeatureCacheStore, type FineTuneOptions } from '../../../src/training/index.js';
import { registerWasmTraining } from '../../../src/wasm/index.js';
import { fillModel } from '../../support/fillModel.js';
import { uniform } from '../../support/fill.js';
import { expectNoLeak } from '../../support/leaks.js';
import { memoryStore } from '../../support/memoryStore.js';
import { TINY } from '../../support/tinyNetworks.js';
import { weightsOfAll } from '../../support/tinyTraining.js';
import { startWasm } from '../../support/wasm.js';

const SIZE = 32;
const PREPROCESSING = { inputSize: [SIZE, SIZE], fit: 'stretch', interpolation: 'bilinear' } as const;
let folder: string;
let reads: number;

beforeAll(async () => {
  await registerWasmTraining();
  await startWasm();
});
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'effnet-features-')), 'cache');
});

const images = (count: number, salt = ''): Dataset<LabeledImage> => ordered(count, salt, (data) => data.shuffle(count, { seed: 3 }));
const inOrder = (count: number): Dataset<LabeledImage> => ordered(count, '', (data) => data);

function ordered(count: number, salt: string, order: (data: Dataset<number>) => Dataset<number>): Dataset<LabeledImage> {
  const read = (i: number): LabeledImage => {
    reads += 1;
    const data = Float32Array.from(uniform(`folder/${salt}${i}`, SIZE * SIZE * 3), (value) => value * 100 + (i % 3) * 60);
    return { pixels: { width: SIZE, height: SIZE, channels: 3, data }, label: i % 3 };
  };
  return order(Dataset.from(Array.from({ length: count }, (_, i) => i)))
    .map(read, { varies: false })
    .withPreprocessing(PREPROCESSING);
}

const options = (more: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  train: imageBatches(images(10), { batchSize: 4 }),
  stages: [{ unfreeze: { from: 'block5a' }, epochs: 3 }],
  optimizer: () => sgd({ momentum: 0.9, learningRate: 0.01 }),
  ...more,
});

/** Returns the history and the weights, and how many images were read after the check of the first batches. */
async function train(more: Partial<FineTuneOptions> = {}): Promise<[result: [history: unknown, weights: number[]], reads: number]> {
  const model: tfl.LayersModel = efficientNet({ ...TINY, inputSize: SIZE }, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, 2);
  try {
    const begin = callback({
      onTrainBegin: () => {
        reads = 0;
      },
    });
    const history = await fineTune(model, options({ ...more, callbacks: [begin, ...(more.callbacks ?? [])] }));
    return [[history, await weightsOfAll(model)], reads];
  } finally {
    model.dispose();
  }
}

/** Counts what a store adds and reads. */
function counted(store: FeatureCacheStore): { store: FeatureCacheStore; counts: { added: number; read: number; bytes: number } } {
  const counts = { added: 0, read: 0, bytes: 0 };
  const open: FeatureCacheStore['open'] = async () => {
    const file = await store.open();
    return {
      ...file,
      add: (bytes) => {
        counts.added += 1;
        counts.bytes += bytes.length;
        return file.add(bytes);
      },
      read: (position, length) => {
        counts.read += 1;
        return file.read(position, length);
      },
    };
  };
  return { store: { open }, counts };
}

test('what exceeds the memory is kept in the folder: every image is read once, and training is the same bit by bit', async () => {
  const [without] = await train({ featureCacheBytes: 0 });
  const all = counted(featureCacheFolder(folder));
  expect(await train({ featureCacheBytes: 0, featureCacheStore: all.store })).toEqual([without, 10]);
  expect(all.counts).toMatchObject({ added: 10, read: 20 });
  // Memory for the first four images.
  const some = counted(featureCacheFolder(folder));
  const featureCacheBytes = (4 * all.counts.bytes) / 10;
  expect(await train({ featureCacheBytes, featureCacheStore: some.store })).toEqual([without, 10]);
  expect(some.counts).toMatchObject({ added: 6, read: 12 });
  // Everything fits in memory.
  const none = counted(featureCacheFolder(folder));
  expect(await train({ featureCacheStore: none.store })).toEqual([without, 10]);
  expect(none.counts).toMatchObject({ added: 0, read: 0 });
  expect(readdirSync(folder)).toEqual([]);
});

test('what exceeds `maxBytes` is computed in each epoch', async () => {
  const [without] = await train({ featureCacheBytes: 0 });
  const { store, counts } = counted(featureCacheFolder(folder));
  await train({ featureCacheBytes: 0, featureCacheStore: store });
  const limited = featureCacheFolder(folder, { maxBytes: Math.ceil((7 * counts.bytes) / 10) });
  expect(await train({ featureCacheBytes: 0, featureCacheStore: limited })).toEqual([without, 10 + 3 + 3]);
});

test('sample weights, validation data and a second stage with another cut are kept as well', async () => {
  const more = (): Partial<FineTuneOptions> => ({
    train: imageBatches(inOrder(10), { batchSize: 4 })
      .map((batch) => ({ ...batch, sampleWeights: tf.range(1, 1 + batch.xs.shape[0]) }), { varies: false })
      .withPreprocessing(PREPROCESSING),
    stages: [
      { unfreeze: ['predictions'], epochs: 2 },
      { unfreeze: { from: 'block5a' }, epochs: 2 },
    ],
    validation: imageBatches(images(5, 'validation'), { batchSize: 4 }),
    classWeights: { 0: 1, 1: 2, 2: 1 },
  });
  const [without] = await train({ ...more(), featureCacheBytes: 0 });
  expect(await train({ ...more(), featureCacheBytes: 0, featureCacheStore: featureCacheFolder(folder) })).toEqual([without, 30]);
});

test('a run that is stopped leaves no file, and resumes bit by bit, also on changed data', async () => {
  const [without] = await train({ featureCacheBytes: 0 });
  const features = { featureCacheBytes: 0, featureCacheStore: featureCacheFolder(folder) };
  const stopAfter = (steps: number): Partial<FineTuneOptions> => {
    const controller = new AbortController();
    const stop = callback({
      onBatchEnd: () => {
        if (--steps === 0) controller.abort(new Error('stop'));
      },
    });
    return { callbacks: [stop], signal: controller.signal };
  };
  const store = memoryStore();
  await expect(train({ ...features, store, ...stopAfter(5) })).rejects.toThrow('stop');
  expect(readdirSync(folder)).toEqual([]);
  expect((await train({ ...features, store }))[0]).toEqual(without);
  // Images under the same keys with other pixels, in the same folder.
  const other = (): Partial<FineTuneOptions> => ({ train: imageBatches(images(10, 'other'), { batchSize: 4 }) });
  const [onOther] = await train({ ...other(), featureCacheBytes: 0 });
  expect((await train({ ...features, ...other() }))[0]).toEqual(onOther);
});

test('two runs at once share a folder, and each keeps its own features', async () => {
  const other = (): Partial<FineTuneOptions> => ({ train: imageBatches(images(10, 'other'), { batchSize: 4 }) });
  const alone = [(await train({ featureCacheBytes: 0 }))[0], (await train({ ...other(), featureCacheBytes: 0 }))[0]];
  const features = { featureCacheBytes: 0, featureCacheStore: featureCacheFolder(folder) };
  const together = await Promise.all([train(features), train({ ...features, ...other() })]);
  expect(together.map(([result]) => result)).toEqual(alone);
  expect(readdirSync(folder)).toEqual([]);
});

test('a write that fails ends training with a sentence, leaves no tensor and no file, and the store resumes', async () => {
  const [without] = await train({ featureCacheBytes: 0 });
  const store = memoryStore();
  let written = 0;
  const full: FeatureCacheStore = {
    open: async () => {
      const file = await featureCacheFolder(folder).open();
      return {
        ...file,
        add: async (bytes) => {
          if (++written > 5) throw new Error('the disk is full');
          return file.add(bytes);
        },
      };
    },
  };
  await expectNoLeak(async () => {
    await expect(train({ store, checkpointEverySteps: 1, featureCacheBytes: 0, featureCacheStore: full })).rejects.toThrow(
      'the disk is full',
    );
  });
  expect(readdirSync(folder)).toEqual([]);
  const rest = await train({ store, featureCacheBytes: 0, featureCacheStore: featureCacheFolder(folder) });
  expect(rest[0]).toEqual(without);
});

test('a folder that cannot be written is named before training', async () => {
  writeFileSync(path.join(path.dirname(folder), 'cache'), '');
  let trained = 0;
  const count = callback({
    onTrainBegin: () => {
      trained++;
    },
  });
  await expect(train({ featureCacheStore: featureCacheFolder(folder), callbacks: [count] })).rejects.toThrow(
    /^featureCacheFolder: expected a folder that can be written, received '.*cache': .*\. Use another folder/,
  );
  expect(trained).toBe(0);
  expect(() => featureCacheFolder(folder, { maxBytes: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: featureCacheFolder: expected a positive integer for \`maxBytes\`, received 0.]`,
  );
  expect(() => featureCacheFolder('')).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: featureCacheFolder: expected a non-empty string for \`folder\`, received ''.]`,
  );
  await expect(train({ featureCacheStore: folder as never })).rejects.toThrow(
    /^fineTune: expected a store that featureCacheFolder\(\) returns for `featureCacheStore`, received '/,
  );
});
