import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test, vi } from 'vitest';
import { trackMemory } from '../../../src/backends/index.js';
import type { Progress } from '../../../src/core/index.js';
import { Dataset, imageBatches, type LabeledImage } from '../../../src/data/index.js';
import { classify, classifyMany, evaluate, type Predictor } from '../../../src/evaluation/predict/index.js';
import { classificationReport, evaluatePredictions } from '../../../src/evaluation/metrics/index.js';
import { occlusionMap } from '../../../src/evaluation/explain/index.js';
import { efficientNet, setClassNames } from '../../../src/models/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';

beforeAll(() => tf.setBackend('cpu'));

// The first pixel is the class that the model predicts, with a probability of 3/4.
const imageOf = (predicted: number, label: LabeledImage['label'], origin?: string): LabeledImage => ({
  pixels: { width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(predicted) },
  label,
  ...(origin === undefined ? {} : { origin }),
});
const model: Predictor = {
  predict: (images) =>
    tf.tidy(() =>
      tf.mul(tf.add(tf.mul(tf.oneHot(tf.cast(tf.reshape(tf.slice(images, [0, 0, 0, 0], [-1, 1, 1, 1]), [-1]), 'int32'), 3), 5), 1), 1 / 8),
    ),
};
const oneHot = (label: number): Float32Array => Float32Array.from({ length: 3 }, (_, i) => Number(i === label));
const predicted = [0, 1, 2, 1, 0];
const labels = [0, 1, 1, 1, 2];
const rows = predicted.map((each) => [0, 1, 2].map((i) => (i === each ? 0.75 : 0.125)));

test('single images and batches, with index or one-hot labels, give the same evaluation', async () => {
  const expected = evaluatePredictions(rows, labels);
  const indexed = Dataset.from(predicted.map((each, i) => imageOf(each, labels[i]!)));
  const vectors = Dataset.from(predicted.map((each, i) => imageOf(each, oneHot(labels[i]!))));
  expect(await evaluate(model, indexed, { batchSize: 2 })).toEqual(expected);
  expect(await evaluate(model, vectors)).toEqual(expected);
  expect(await evaluate(model, imageBatches(vectors, { batchSize: 3 }))).toEqual(expected);
  expect(await evaluate(model, imageBatches(indexed, { batchSize: 1 }))).toEqual(expected);
});

test('the origins of images become the file names', async () => {
  const data = predicted.map((each, i) => imageOf(each, labels[i]!, `${i}.jpg`));
  const { predictions } = await evaluate(model, data, { batchSize: 2 });
  expect(predictions.files).toEqual(['0.jpg', '1.jpg', '2.jpg', '3.jpg', '4.jpg']);
});

test('multi-label data is evaluated with thresholds', async () => {
  const data = [imageOf(0, Float32Array.of(1, 0, 1)), imageOf(2, Float32Array.of(0, 0, 1))];
  const evaluation = await evaluate(model, data, { multiLabel: true, threshold: 0.1, classNames: ['a', 'b', 'c'] });
  expect(evaluation.accuracy).toBe(0);
  expect(evaluation.perClass[1]).toMatchObject({ name: 'b', support: 0, predicted: 2 });
});

test('label vectors whose width differs from the number of outputs are refused', async () => {
  const vectors = (...label: number[]): LabeledImage[] => [imageOf(0, Float32Array.from(label)), imageOf(1, Float32Array.from(label))];
  const remedy = "Read the folder with the model's `classNames`.";
  const refused = (received: string, expected = '[batch] or [batch, 3]'): string =>
    `evaluate: expected labels ${expected} for \`data\`, received ${received}. ${remedy}`;
  await expect(evaluate(model, vectors(0, 1))).rejects.toThrow(refused('[2, 2]'));
  await expect(evaluate(model, imageBatches(Dataset.from(vectors(0, 1, 0, 0))))).rejects.toThrow(refused('[2, 4]'));
  await expect(evaluate(model, vectors(0, 1), { multiLabel: true })).rejects.toThrow(refused('[2, 2]', '[batch, 3]'));
  await expect(evaluate(model, [imageOf(0, 1)], { multiLabel: true })).rejects.toThrow(
    'evaluate: expected labels [batch, 3] for `data`, received [1]. Pass vectors of 0 and 1, one number per output.',
  );
  const single: Predictor = { predict: ({ shape }) => tf.fill([shape[0], 1], 0.9) };
  await expect(evaluate(single, vectors(0, 1, 0))).rejects.toThrow(refused('[2, 3]', '[batch] or [batch, 2]'));
  expect((await evaluate(single, vectors(0, 1))).accuracy).toBe(1);
  expect((await evaluate(single, vectors(1))).accuracy).toBe(1);
  const { kept } = await trackMemory(() => evaluate(model, vectors(0, 1)).catch(() => undefined));
  expect(kept.tensors).toBe(0);
});

test('disposed batches are refused, and no rejection stays unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const batches = await imageBatches(Dataset.from(predicted.map((each, i) => imageOf(each, labels[i]!)))).toArray();
    await evaluate(model, batches);
    const message =
      'evaluate: expected batches that are not disposed for `data`, received one that is. ' +
      'Each batch can be used only once: pass `imageBatches(...)` itself.';
    await expect(evaluate(model, batches)).rejects.toThrow(message);
    await expect(evaluate(model, Dataset.from(batches))).rejects.toThrow('received one that is. Keep the tensors');
    // The predictor fails synchronously and the device fails later.
    const failing: Predictor = {
      predict: () => {
        throw new Error('broken');
      },
    };
    vi.spyOn(tf.backend(), 'read').mockRejectedValueOnce(new Error('lost'));
    await expect(evaluate(failing, [imageOf(0, 0)])).rejects.toThrow('broken');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('progress counts images, an asynchronous predictor works, and no tensors are left', async () => {
  const reports: Progress[] = [];
  const slow: Predictor = { predict: async (images) => Promise.resolve(model.predict(images)) };
  const { kept } = await trackMemory(() =>
    evaluate(slow, imageBatches(Dataset.from(predicted.map((each, i) => imageOf(each, labels[i]!))), { batchSize: 2 }), {
      onProgress: (progress) => reports.push(progress),
    }),
  );
  expect(kept.tensors).toBe(0);
  expect(reports.map(({ done, unit }) => `${done} ${unit}`)).toEqual(['2 images', '4 images', '5 images']);
});

test('a listener that throws leaves no tensors', async () => {
  const { kept } = await trackMemory(async () => {
    const data = imageBatches(Dataset.from(predicted.map((each, i) => imageOf(each, labels[i]!))), { batchSize: 2 });
    const onProgress = () => {
      throw new Error('no terminal');
    };
    await expect(evaluate(model, data, { onProgress })).rejects.toThrow('no terminal');
  });
  expect(kept.tensors).toBe(0);
});

test('the class names and the input size of a predictor are used', async () => {
  const runtime: Predictor = {
    ...model,
    classNames: ['ant', 'bee', 'cat'],
    inputShape: [null, 8, 8, 3],
    preprocessing: { inputSize: 8, fit: 'stretch' },
  };
  const large = { pixels: { width: 8, height: 8, channels: 3, data: new Uint8Array(192) }, label: 1 };
  expect((await evaluate(runtime, [large])).classNames).toEqual(['ant', 'bee', 'cat']);
  const shapes: number[][] = [];
  const watched: Predictor = { ...runtime, predict: (images) => (shapes.push(images.shape), model.predict(images)) };
  const heat = await occlusionMap(watched, imageOf(0, 1).pixels, { target: 'bee', patchSize: 4 });
  expect([heat.width, heat.height, heat.classIndex]).toEqual([4, 4, 1]);
  expect(shapes[0]).toEqual([1, 8, 8, 3]);
});

test('the class names of a layers model are used, and a single output has two classes', async () => {
  const tiny = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3 };
  const net = efficientNet(tiny, { classes: 1, classifierActivation: 'sigmoid', inputSize: 32 });
  setClassNames(net, ['cactus', 'no cactus']);
  const big = (label: number): LabeledImage => ({
    pixels: { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).fill(9) },
    label: Float32Array.of(label),
  });
  const evaluation = await evaluate(net, [big(0), big(1)]);
  expect(evaluation.classNames).toEqual(['cactus', 'no cactus']);
  expect(evaluation.predictions.labels).toEqual(Int32Array.of(0, 1));
  expect(evaluation.accuracy).toBe(0.5);
  net.dispose();
});

test('the error for a promise or an object that contains the images says what to pass', async () => {
  const labeled = Dataset.from([imageOf(0, 0)]);
  const folder = { images: labeled, classNames: ['a'] };
  await expect(evaluate(Promise.resolve(model) as never, labeled)).rejects.toThrow(
    'evaluate: expected a model with `predict` for `model`, received an instance of Promise. Await it first.',
  );
  await expect(evaluate(model, Promise.resolve(labeled) as never)).rejects.toThrow('received an instance of Promise. Await it first.');
  await expect(evaluate(model, folder as never)).rejects.toThrow('received { images, classNames }. Pass its `images`.');
  expect(() => imageBatches(folder as never)).toThrow('received { images, classNames }. Pass its `images`.');
  expect(() => imageBatches(Promise.resolve(labeled) as never)).toThrow('Await it first.');
  expect(() => classificationReport(evaluate(model, labeled) as never)).toThrow('Await it first.');
  const preprocessing = { inputSize: 2, fit: 'stretch' } as const;
  await expect(classify(model, Promise.resolve(imageOf(0, 0).pixels) as never, { preprocessing })).rejects.toThrow('Await it first.');
  await expect(classify(model, imageOf(0, 0).pixels, { preprocessing: Promise.resolve(preprocessing) as never })).rejects.toThrow(
    'Await it first.',
  );
});

test("the model's class names in a different order are refused", async () => {
  const named: Predictor = { ...model, classNames: ['ant', 'bee', 'cat'], preprocessing: { inputSize: 2, fit: 'stretch' } };
  const classNames = ['ant', 'cat', 'bee'];
  const message = (where: string): string =>
    `${where}: expected \`classNames\` in the order of the model's outputs, with 'bee' at index 1, received 'cat' there. ` +
    'Omit the option to use the names of the model.';
  await expect(evaluate(named, [imageOf(0, 0)], { classNames })).rejects.toThrow(message('evaluate'));
  await expect(classify(named, imageOf(0, 0).pixels, { classNames })).rejects.toThrow(message('classify'));
  expect(() => classifyMany(named, [imageOf(0, 0).pixels], { classNames })).toThrow(message('classifyMany'));
  // Different names, such as translations, are allowed.
  expect((await evaluate(named, [imageOf(0, 0)], { classNames: ['Ameise', 'Biene', 'Katze'] })).classNames[2]).toBe('Katze');
});

test('images with other channels are refused, and the remedy names the channels', async () => {
  const rgba = { xs: tf.zeros([1, 2, 2, 4]), ys: tf.tensor1d([0], 'int32') };
  await expect(evaluate({ ...model, inputShape: [null, 2, 2, 3] }, [rgba as never])).rejects.toThrow(
    'evaluate: expected images [null, 2, 2, 3] for `data`, received [1, 2, 2, 4]. Convert the images to the channels of the model: ' +
      '3 for RGB, 1 for gray.',
  );
});

test('invalid data, models and options are refused and leave no tensors', async () => {
  const data = Dataset.from([imageOf(0, 0, 'a.jpg'), imageOf(1, oneHot(1), 'b.jpg')]);
  const nan: Predictor = { predict: (images) => tf.fill([images.shape[0], 3], NaN) };
  const features: Predictor = { predict: (images) => tf.clone(images) };
  const stopped = AbortSignal.abort();
  const { kept } = await trackMemory(async () => {
    await expect(evaluate(model, [])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: evaluate: expected at least one prediction, received none. The dataset is empty, or was already read.]`,
    );
    await expect(evaluate(model, data)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: evaluate: expected labels of one kind, received a class index and a vector of 3 from 'b.jpg'.]`,
    );
    await expect(evaluate(model, data.repeat())).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evaluate: expected a dataset that ends for \`data\`, received an instance of Dataset. Take a part of it: \`dataset.take(n)\`.]`,
    );
    await expect(evaluate(nan, data.take(1))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: evaluate: expected probabilities in [0, 1] for prediction 0 ('a.jpg'), received NaN. The weights of the model or its input contain values that are not finite.]`,
    );
    await expect(evaluate(features, data.take(1))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: evaluate: expected a model that returns one tensor [1, classes], received [1, 2, 2, 3]. Give it a classifier head.]`,
    );
    await expect(evaluate(model, data.take(1), { classNames: ['cat', 'dog'] })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evaluate: expected 3 names for \`classNames\`, one for each output, received 2.]`,
    );
    await expect(evaluate(model, [imageOf(0, Float32Array.of(0.9, 0.05, 0.05))])).rejects.toThrowErrorMatchingInlineSnapshot(
      `[DataError: evaluate: expected a one-hot label for prediction 0, received 0.8999999761581421 at class 0. Use labels without label smoothing or mixup for the evaluation.]`,
    );
    await expect(evaluate(model, data, { batch: 3 } as never)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evaluate: expected one of the options \`multiLabel\`, \`classNames\`, \`topK\`, \`bins\`, \`fromLogits\`, \`batchSize\`, \`workers\`, \`onProgress\`, \`signal\`, \`otherPreprocessing\`, received \`batch\`.]`,
    );
    await expect(evaluate({} as never, data)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[OptionError: evaluate: expected a model with \`predict\` for \`model\`, received {  }.]`,
    );
    await expect(evaluate(model, data.take(1), { signal: stopped })).rejects.toBe(stopped.reason);
  });
  expect(kept.tensors).toBe(0);
});
