// Training heads on noisy images whose brightest color channel is the class.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { augment, Dataset, imageBatches, type ImageBatch, type LabeledImage } from '../../src/data/index.js';
import { classNamesOf, efficientNet, planOf } from '../../src/models/index.js';
import { createRandom } from '../../src/core/internal.js';
import type { Progress } from '../../src/core/index.js';
import { randomFlip } from '../../src/image/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { modelSummary } from '../../src/models/index.js';
import {
  adam,
  earlyStopping,
  rmsProp,
  sgd,
  trainableSummary,
  trainHead,
  unfreeze,
  type TrainHeadOptions,
} from '../../src/training/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const SPEC = { ...VARIANTS.lite0, widthCoefficient: 0.5, depthCoefficient: 0.5, inputSize: 32, stages: VARIANTS.lite0.stages.slice(0, 2) };
const classNames = ['red', 'green', 'blue'];
function backbone(): LayersModel {
  const model = efficientNet(SPEC, { classes: 7 });
  fillModel(model, 2);
  return model;
}

/** Generates batches of noisy images whose brightest channel is the class. */
async function* imagesOf(count: number, seed: number, labels: 'int' | 'vector' = 'vector'): AsyncGenerator<ImageBatch> {
  const random = createRandom(seed);
  for (let start = 0; start < count; start += 16) {
    const classes = Array.from({ length: Math.min(16, count - start) }, () => random.integer(3));
    const values = classes.flatMap((label) =>
      Array.from({ length: 32 * 32 * 3 }, (_, i) => random.uniform(0, i % 3 === label ? 255 : 120)),
    );
    const ys = labels === 'int' ? tf.tensor1d(classes, 'int32') : tf.tidy(() => tf.cast(tf.oneHot(classes, 3), 'float32'));
    yield await Promise.resolve({ xs: tf.tensor4d(values, [classes.length, 32, 32, 3]), ys });
  }
}

const PREPROCESSING = { inputSize: 32, fit: 'stretch' } as const;
const options = (more: Partial<TrainHeadOptions> = {}): TrainHeadOptions => ({
  classNames,
  train: imagesOf(96, 1),
  validation: imagesOf(48, 2),
  epochs: 8,
  learningRate: 0.01,
  l2: 0.002,
  seed: 3,
  preprocessing: PREPROCESSING,
  ...more,
});

beforeAll(startWasm);

test.each(['vector', 'int'] as const)('learns from %s labels, and the returned model has the reported accuracy', async (labels) => {
  const epochs: number[] = [];
  const { model, history } = await trainHead(
    backbone(),
    options({ train: imagesOf(96, 1, labels), onEpoch: ({ epoch }) => epochs.push(epoch) }),
  );
  expect(epochs).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
  expect(history.at(-1)!.val_accuracy).toBeGreaterThan(0.9);
  let right = 0;
  for await (const { xs, ys } of imagesOf(48, 2)) {
    right += (await tf.sum(tf.cast(tf.equal(tf.argMax(model.predict(xs) as tf.Tensor, -1), tf.argMax(ys, -1)), 'int32')).data())[0]!;
  }
  expect(right / 48).toBeCloseTo(history.at(-1)!.val_accuracy!, 6);
  expect(classNamesOf(model)).toEqual(classNames);
  expect(planOf(model).classes).toBe(3);
});

test.each([{ hidden: undefined }, { hidden: [8] }])(
  'afterwards only the trained head is trainable (hidden: $hidden)',
  async ({ hidden }) => {
    const { model } = await trainHead(
      backbone(),
      options({ epochs: 1, train: imagesOf(16, 1), validation: imagesOf(16, 2), ...(hidden === undefined ? {} : { hidden }) }),
    );
    const width = (model.getLayer('top_conv').outputShape as number[])[3]!;
    const head = hidden === undefined ? width * 3 + 3 : width * 8 + 8 + 8 * 3 + 3;
    expect(trainableSummary(model).trainable).toBe(head);
    expect(modelSummary(model).total.trainable).toBe(head);
    expect(
      modelSummary(model)
        .stages.filter(({ trainable }) => trainable > 0)
        .map(({ name }) => name),
    ).toEqual(['head']);
    unfreeze(model);
    expect(trainableSummary(model).trainable).toBe(model.countParams() - trainableSummary(model).frozen);
    expect(trainableSummary(model).trainable).toBeGreaterThan(head);
  },
);

test('the same seed gives the same history, and another seed gives another one', async () => {
  const run = async (seed: number): Promise<unknown> => (await trainHead(backbone(), options({ seed }))).history;
  const first = await run(3);
  expect(await run(3)).toEqual(first);
  expect(await run(4)).not.toEqual(first);
});

test.each([{ pooling: 'max' }, { hidden: [8] }, { classifierActivation: 'sigmoid' }] as const)(
  'a head with %o learns too',
  async (more) => {
    const { history } = await trainHead(backbone(), options({ ...more, epochs: 20 }));
    expect(history.at(-1)!.val_accuracy).toBeGreaterThan(0.85);
  },
);

test('features in other units give the same head, unless they are not normalized', async () => {
  const run = async (unit: number, more: Partial<TrainHeadOptions>): Promise<number | undefined> => {
    const model = backbone();
    // Scales every feature: relu6 is not scaled, but the convolution before it stays below 6 here.
    const norm = model.getLayer('top_bn');
    norm.setWeights(norm.getWeights().map((weight, i) => (i < 2 ? tf.mul(weight, unit) : weight)));
    return (await trainHead(model, options(more))).history.at(-1)?.val_loss;
  };
  const expected = await run(0.1, {});
  expect(await run(0.01, {})).toBeCloseTo(expected as number, 2);
  expect(await run(0.01, { normalizeFeatures: false })).toBeGreaterThan(2 * (expected as number));
});

test('a larger penalty gives smaller kernels', async () => {
  const size = async (l2: number): Promise<number | undefined> => {
    const { model } = await trainHead(backbone(), options({ l2 }));
    return (await tf.norm(model.getLayer('predictions').getWeights()[0] as tf.Tensor).data())[0];
  };
  expect(await size(1)).toBeLessThan(0.5 * ((await size(0)) as number));
});

test('the penalty can be chosen by cross-validation', async () => {
  const seen = new Set<string>();
  const chosen = await trainHead(backbone(), options({ l2: 'auto', onProgress: ({ task }) => seen.add(task) }));
  expect([...seen]).toEqual(['training features', 'validation features', 'choosing the L2 penalty', 'training the head']);
  // Noisy images whose brightest channel is the class are easy, but a few features cannot separate them for certain.
  expect(chosen.l2).toBeLessThan(0.1);
  const given = await trainHead(backbone(), options({ l2: chosen.l2 }));
  expect(given.l2).toBe(chosen.l2);
  expect(given.history).toEqual(chosen.history);
});

test('the default penalty is 0.002, and a choice is refused with hidden layers', async () => {
  const few = { epochs: 1, hidden: [4], train: imagesOf(16, 1), validation: undefined };
  expect((await trainHead(backbone(), options({ ...few, l2: undefined }))).l2).toBe(0.002);
  await expect(trainHead(backbone(), options({ ...few, l2: 'auto' }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainHead: expected a number with \`hidden\` for \`l2\`, received 'auto'. Cross-validation chooses the penalty of a single dense layer.]`,
  );
});

test('another optimizer trains with its own learning rate', async () => {
  const { history } = await trainHead(backbone(), options({ learningRate: undefined, optimizer: () => rmsProp({ learningRate: 0.002 }) }));
  expect(history.map(({ learningRate }) => learningRate)).toEqual(history.map(() => 0.002));
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
  const still = await trainHead(backbone(), options({ learningRate: undefined, optimizer: () => sgd({ learningRate: 0 }) }));
  expect(still.history.at(-1)!.loss).toBeCloseTo(Math.log(3), 4);
});

test('an optimizer beside a learning rate, and a function that returns none, are refused before anything is read', async () => {
  const train = Dataset.from(() => {
    throw new Error('read');
  });
  const run = (more: object): Promise<unknown> => trainHead(backbone(), options({ train: train as never, ...more }));
  await expect(run({ optimizer: () => adam() })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainHead: expected nothing beside \`optimizer\` for \`learningRate\`, received 0.01. Give the rate to the optimizer.]`,
  );
  await expect(run({ learningRate: undefined, optimizer: () => 'adam' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainHead: expected a function that returns an optimizer of this library, such as adam() for \`optimizer\`, received 'adam'.]`,
  );
});

describe('features', () => {
  /** Creates a dataset that counts how often it is read. */
  const counted = (): { images: Dataset<LabeledImage>; passes: () => number } => {
    let passes = 0;
    const images = Dataset.from(function* () {
      passes++;
      for (let i = 0; i < 12; i++) {
        yield {
          pixels: {
            width: 32,
            height: 32,
            channels: 3,
            data: Float32Array.from({ length: 32 * 32 * 3 }, (_, j) => ((i + 1) * j * 7) % 256),
          },
          label: i % 3,
        };
      }
    });
    return { images, passes: () => passes };
  };
  const passesOf = async (
    change: (images: Dataset<LabeledImage>) => Dataset<LabeledImage>,
    more: Partial<TrainHeadOptions> = {},
  ): Promise<number> => {
    const { images, passes } = counted();
    await trainHead(backbone(), {
      classNames,
      train: imageBatches(change(images), { batchSize: 5 }),
      epochs: 4,
      seed: 1,
      preprocessing: PREPROCESSING,
      ...more,
    });
    return passes();
  };

  test('are computed once, or in every epoch for augmented images', async () => {
    expect(await passesOf((images) => images)).toBe(1);
    expect(await passesOf((images) => images.shuffle(12, { seed: 1 }))).toBe(1);
    expect(await passesOf((images) => augment(images, randomFlip()))).toBe(4);
    expect(await passesOf((images) => augment(images, randomFlip()), { cacheFeatures: true })).toBe(1);
    expect(await passesOf((images) => images, { cacheFeatures: false })).toBe(4);
  });

  test('computed in every epoch leave no tensors behind', async () => {
    await expectNoLeak(async () => {
      const train = imageBatches(augment(counted().images, randomFlip()), { batchSize: 5 });
      (await trainHead(backbone(), { classNames, train, epochs: 3, preprocessing: PREPROCESSING })).model.dispose();
    });
  });

  test('cannot be computed in every epoch from data that can be read only once', async () => {
    await expect(trainHead(backbone(), options({ cacheFeatures: false }))).rejects.toThrow(
      'trainHead: expected a Dataset, which can be read in every epoch, with `cacheFeatures: false` for `train`',
    );
  });
});

test('five epochs leave no tensors behind', async () => {
  await expectNoLeak(async () => {
    (await trainHead(backbone(), options({ epochs: 5 }))).model.dispose();
  });
});

test('reports progress in batches, then in steps', async () => {
  const seen: Progress[] = [];
  await trainHead(backbone(), options({ epochs: 2, onProgress: (progress) => seen.push(progress) }));
  const last = new Map(seen.map((progress) => [progress.task, progress]));
  expect([...last.values()].map(({ task, done, unit }) => [task, done, unit])).toEqual([
    ['training features', 6, 'batches'],
    ['validation features', 3, 'batches'],
    ['training the head', 6, 'steps'],
  ]);
});

test('when aborted, it leaves the backbone unchanged and no tensors behind', async () => {
  const base = backbone();
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const stop = options({
    signal: controller.signal,
    onEpoch: () => {
      controller.abort();
    },
  });
  await expect(trainHead(base, stop)).rejects.toThrow(/aborted/);
  expect(tf.memory().numTensors).toBe(before);
  expect(base.outputs[0]!.shape).toEqual([null, 7]);
});

test.each<[string, Partial<TrainHeadOptions>, string]>([
  ['one class', { classNames: ['a'] }, "trainHead: expected at least two names for `classNames`, received ['a']."],
  [
    'one name for two classes',
    { classNames: ['a', 'b', 'a'] },
    "trainHead: expected an array of different non-empty strings for `classNames`, received ['a', 'b', 'a'].",
  ],
  ['an unknown option', { epoch: 3 } as never, 'received `epoch`'],
  [
    'more names than targets',
    { classNames: ['a', 'b', 'c', 'd'] },
    'trainHead: expected labels [batch] or [batch, 4], one per name in `classNames`, received [16, 3].',
  ],
  [
    'labels beyond the names',
    { classNames: ['a', 'b'], train: imagesOf(16, 1, 'int') },
    'trainHead: expected labels below 2, the number of `classNames`, received 2.',
  ],
  ['no image', { train: imagesOf(0, 1) }, 'trainHead: expected at least one batch of training features, received none.'],
  [
    'no batches at all',
    { train: [] as never },
    'trainHead: expected batches of { xs, ys }, such as imageBatches() returns for `train`, received [].',
  ],
  [
    'the result of imageFolder',
    { train: { images: Dataset.from([1]), classNames } as never },
    'received { images, classNames }. Pass its `images` in batches: `imageBatches(folder.images)`.',
  ],
  [
    'the result of imageFolder with a validation split',
    { train: { train: { images: Dataset.from([1]) }, validation: { images: Dataset.from([1]) } } as never },
    'Pass the `images` of one part in batches: `imageBatches(folder.train.images)`.',
  ],
  ['a callback that was not called', { callbacks: [earlyStopping as never] }, 'Call it: `earlyStopping(...)`.'],
])('refuses %s, and leaves no tensors behind', async (_, more, message) => {
  const base = backbone();
  const before = tf.memory().numTensors;
  await expect(trainHead(base, options(more))).rejects.toThrow(message);
  expect(tf.memory().numTensors).toBe(before);
});

test('refuses endless validation data before it reads training data', async () => {
  let isRead = false;
  const train = Dataset.from(function* () {
    isRead = true;
    yield { xs: tf.zeros([1, 32, 32, 3]), ys: tf.tensor1d([0], 'int32') };
  });
  const validation = Dataset.from([0])
    .repeat()
    .map(() => ({ xs: tf.zeros([1, 32, 32, 3]), ys: tf.tensor1d([0], 'int32') }));
  await expect(trainHead(backbone(), options({ train: train as never, validation: validation as never }))).rejects.toThrow(
    'trainHead: expected a dataset that ends for `validation`',
  );
  expect(isRead).toBe(false);
});
