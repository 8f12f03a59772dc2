import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { trackMemory } from '../../../src/backends/index.js';
import { createRandom } from '../../../src/core/internal.js';
import { kFold, type LabeledImage } from '../../../src/data/index.js';
import {
  classify,
  crossValidate,
  ensemble,
  evaluate,
  testTimeAugmentation,
  type Predictor,
} from '../../../src/evaluation/predict/index.js';
import { testTimeViews } from '../../../src/image/internal.js';
import type { Pixels } from '../../../src/image/index.js';

beforeAll(() => tf.setBackend('cpu'));

const constant = (...row: number[]): Predictor => ({
  predict: (images) => tf.tidy(() => tf.tile(tf.tensor2d([row]), [images.shape[0], 1])),
  classNames: ['cat', 'dog'],
});
const predict = async (model: Predictor, pixels: Pixels): Promise<number[]> => {
  const images = tf.tensor4d(Float32Array.from(pixels.data), [1, pixels.height, pixels.width, pixels.channels]);
  const answer = await (model.predict(images) as Promise<tf.Tensor>);
  const values = [...(await answer.data())];
  tf.dispose([images, answer]);
  return values;
};
const imageOf = (height: number, width: number, seed = 1): Pixels => {
  const random = createRandom(seed);
  return { height, width, channels: 3, data: Float32Array.from({ length: height * width * 3 }, () => random.next() * 255) };
};
/** Creates a predictor whose output depends on the position of every pixel. */
const positional = (size: number): Predictor => {
  const random = createRandom(7);
  const filter = Float32Array.from({ length: size * size * 3 }, () => random.next() / 1e5);
  return {
    inputShape: [null, size, size, 3],
    predict: (images) =>
      tf.tidy(() => {
        const seen = tf.sum(tf.mul(images, tf.tensor4d(filter, [1, size, size, 3])), [1, 2, 3]);
        return tf.stack([seen, tf.sub(1, seen)], 1);
      }),
  };
};

test('an ensemble returns the weighted mean of its members', async () => {
  const members = [constant(0.9, 0.1), constant(0.5, 0.5), constant(0.1, 0.9)];
  expect(await predict(ensemble(members), imageOf(2, 2))).toBeAllclose([0.5, 0.5], { tolerance: 1e-6 });
  expect(await predict(ensemble(members, { memberWeights: [3, 1, 0] }), imageOf(2, 2))).toBeAllclose([0.8, 0.2], { tolerance: 1e-6 });
});

test('evaluate and classify accept an ensemble and use the class names of its members', async () => {
  const voting = ensemble([{ ...constant(0.9, 0.1), inputShape: [null, 4, 4, 3] }, constant(0.4, 0.6)]);
  const { accuracy, classNames } = await evaluate(voting, [
    { pixels: imageOf(4, 4), label: 0 },
    { pixels: imageOf(4, 4), label: 1 },
  ]);
  expect({ accuracy, classNames }).toEqual({ accuracy: 0.5, classNames: ['cat', 'dog'] });
  expect((await classify(voting, imageOf(9, 7), { preprocessing: { inputSize: 4, fit: 'crop' } }))[0]).toMatchObject({ className: 'cat' });
});

test.each(['flip', 'five', 'ten'] as const)('%s: returns the mean over the views of testTimeViews', async (views) => {
  const size = 5;
  const photo = views === 'flip' ? imageOf(size, size) : imageOf(8, 9);
  const each = await Promise.all(
    testTimeViews(photo, size, { views }).map((view) => predict({ predict: async (x) => positional(size).predict(x) }, view)),
  );
  const mean = [0, 1].map((column) => each.reduce((sum, row) => sum + row[column]!, 0) / each.length);
  expect(await predict(testTimeAugmentation(positional(size), { views }), photo)).toBeAllclose(mean, { tolerance: 1e-6 });
  expect(each.length).toBe({ flip: 2, five: 5, ten: 10 }[views]);
});

test('no tensors are left, even if a member fails', async () => {
  const broken: Predictor = {
    predict: () => {
      throw new Error('broken');
    },
  };
  const { kept } = await trackMemory(async () => {
    await predict(testTimeAugmentation(ensemble([positional(5), positional(5)]), { views: 'ten', size: 5 }), imageOf(8, 8));
    const x = tf.zeros<tf.Rank.R4>([1, 2, 2, 3]);
    await expect(ensemble([constant(0.5, 0.5), broken]).predict(x)).rejects.toThrow('broken');
    await expect(ensemble([constant(0.5, 0.5), { ...constant(0.2, 0.2, 0.6), classNames: undefined }]).predict(x)).rejects.toThrow(
      'expected [1, 2] from every member, received [1, 3] from member 1',
    );
    x.dispose();
  });
  expect(kept.tensors).toBe(0);
});

test('invalid arguments are refused', async () => {
  expect(() => ensemble([])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: ensemble: expected at least one model for \`members\`, received [].]`,
  );
  expect(() => ensemble([constant(1, 0)], { memberWeights: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: ensemble: expected one number for each of the 1 members, not all 0, for \`memberWeights\`, received [1, 2].]`,
  );
  expect(() => ensemble([constant(1, 0), { ...constant(1, 0), classNames: ['dog', 'cat'] }])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: ensemble: expected models with the same class names in the same order for \`members\`, received ['dog', 'cat'].]`,
  );
  expect(() => testTimeAugmentation(constant(1, 0), { views: 'five' })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: testTimeAugmentation: expected the size of the crops for \`size\`, received undefined. The input size of the model is unknown.]`,
  );
  expect(() => testTimeAugmentation(positional(5), { size: 5 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: testTimeAugmentation: expected no value with \`views: 'flip'\` for \`size\`, received 5. Only crops have a size.]`,
  );
  await expect(predict(testTimeAugmentation(positional(5), { views: 'five' }), imageOf(4, 9))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: testTimeAugmentation.predict: expected images of at least 5 x 5 pixels, received 4 x 9. Resize them to at least the size of the crops.]`,
  );
});

interface Item {
  readonly value: number;
  readonly label: number;
}
const items: Item[] = Array.from({ length: 20 }, (_, i) => ({ value: i, label: i % 2 }));
const imagesOf = (list: readonly Item[]): LabeledImage[] =>
  list.map(({ value, label }) => ({
    pixels: { width: 1, height: 1, channels: 3, data: new Float32Array(3).fill(value) },
    label,
    origin: `${value}`,
  }));
/** Creates a predictor that predicts its training items correctly, and the first class for all other items. */
const memorize = (known: readonly Item[]): Predictor => ({
  predict: (images) =>
    tf.tidy(() => {
      const rows = Array.from(images.dataSync())
        .filter((_, i) => i % 3 === 0)
        .map((value) => Number(known.some((item) => item.value === value && item.label === 1)));
      return tf.oneHot(tf.tensor1d(rows, 'int32'), 2);
    }),
});

test('cross-validation predicts every item once, with the model that was not trained on it', async () => {
  const result = await crossValidate(items, {
    folds: 5,
    seed: 3,
    stratifyBy: ({ label }) => label,
    trainFold: async ({ train }) => Promise.resolve(memorize(train)),
    data: imagesOf,
  });
  expect(result.folds.map(({ train, validation }) => ({ train, validation }))).toEqual(
    kFold(items, 5, { seed: 3, stratifyBy: ({ label }) => label }),
  );
  expect([...result.evaluation.predictions.files!].sort()).toEqual(items.map(({ value }) => `${value}`).sort());
  // The model predicts class 0 for all items that it was not trained on.
  expect(result.evaluation.confusionMatrix.map((row) => [...row])).toEqual([
    [10, 0],
    [10, 0],
  ]);
  expect((await evaluate(result.ensemble, imagesOf(items))).accuracy).toBe(1);
});

test('multi-label cross-validation evaluates every label', async () => {
  const rows = (list: readonly Item[]): LabeledImage[] =>
    imagesOf(list).map((item, i) => ({ ...item, label: Float32Array.of(1, list[i]!.label) }));
  // Every label is predicted: all ten items of label 1 are found, and the ten others are false positives.
  const always: Predictor = { predict: (images) => tf.ones([images.shape[0], 2]) };
  const { evaluation, folds } = await crossValidate(items, {
    folds: 4,
    trainFold: () => Promise.resolve(always),
    data: rows,
    evaluateOptions: { multiLabel: true, threshold: 0.9, classNames: ['any', 'odd'] },
  });
  expect(evaluation).toMatchObject({ multiLabel: true, count: 20, accuracy: 0.5, thresholds: [0.9, 0.9], classNames: ['any', 'odd'] });
  expect(evaluation.perClass.map(({ precision, recall }) => [precision, recall])).toEqual([
    [1, 1],
    [0.5, 1],
  ]);
  expect(folds.map((fold) => fold.evaluation.multiLabel)).toEqual([true, true, true, true]);
});

test('invalid evaluation options are refused before training', async () => {
  let trained = 0;
  const trainFold = (): Promise<Predictor> => Promise.resolve(memorize([])).finally(() => trained++);
  const refused = (evaluateOptions: object): Promise<unknown> => crossValidate(items, { trainFold, data: imagesOf, evaluateOptions });
  await expect(refused({ threshold: 0.5 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: crossValidate: expected one of the options \`evaluateOptions.multiLabel\`, \`evaluateOptions.classNames\`, \`evaluateOptions.topK\`, \`evaluateOptions.bins\`, \`evaluateOptions.otherPreprocessing\`, received \`evaluateOptions.threshold\`.]`,
  );
  await expect(refused({ multiLabel: true, topK: [1] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: crossValidate: expected one of the options \`evaluateOptions.multiLabel\`, \`evaluateOptions.classNames\`, \`evaluateOptions.threshold\`, \`evaluateOptions.otherPreprocessing\`, received \`evaluateOptions.topK\`.]`,
  );
  await expect(refused({ multiLabel: 'yes' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: crossValidate: expected a boolean for \`evaluateOptions.multiLabel\`, received 'yes'.]`,
  );
  expect(trained).toBe(0);
});

test('a fold that fails disposes the models of earlier folds, and an abort stops between folds', async () => {
  const disposed: number[] = [];
  const trainFold = async ({ fold }: { fold: number }): Promise<Predictor> => {
    if (fold === 2) throw new Error('no memory');
    return Promise.resolve({ ...memorize([]), dispose: () => disposed.push(fold) } as Predictor);
  };
  await expect(crossValidate(items, { trainFold, data: imagesOf })).rejects.toThrow('no memory');
  expect(disposed).toEqual([0, 1]);
  const controller = new AbortController();
  const stopping = crossValidate(items, {
    trainFold: async () => {
      controller.abort(new Error('enough'));
      return Promise.resolve(memorize([]));
    },
    data: imagesOf,
    signal: controller.signal,
  });
  await expect(stopping).rejects.toThrow('enough');
  await expect(crossValidate(items, { trainFold, data: imagesOf, folds: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: crossValidate: expected an integer of at least 2 for \`folds\`, received 1.]`,
  );
});

test('folds with different numbers of classes or missing images are refused', async () => {
  const outputs = (classes: number): Predictor => ({
    predict: (images) => tf.tidy(() => tf.softmax(tf.zeros([images.shape[0], classes]))),
  });
  const run = (data: (list: readonly Item[]) => LabeledImage[], classes = (fold: number) => fold + 2) =>
    crossValidate(items, { seed: 1, trainFold: async ({ fold }) => Promise.resolve(outputs(classes(fold))), data });
  await expect(run(imagesOf)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: crossValidate: expected models with the same number of classes in every fold from \`trainFold\`, received 3 classes in fold 1 and 2 in fold 0.]`,
  );
  await expect(
    run(
      (list) => imagesOf(list).slice(1),
      () => 2,
    ),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DataError: crossValidate: expected 4 images from \`data\` for fold 0, one for each item, received 3.]`,
  );
});
