// Losses and metrics, compared with Keras, from logits and from probabilities.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import keras from '../fixtures/training/keras.json' with { type: 'json' };
import {
  accuracy,
  auc,
  binaryCrossEntropy,
  f1,
  focalLoss,
  precision,
  recall,
  softmaxCrossEntropy,
  topK,
  type Loss,
  type Metric,
} from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';

const { logits, shape, cases, metrics, scores } = keras.losses;
type Case = keyof typeof cases;

const OURS: Record<Case, (fromLogits: boolean) => Loss> = {
  'softmax one-hot smoothing 0.0': (fromLogits) => softmaxCrossEntropy({ fromLogits }),
  'softmax one-hot smoothing 0.1': (fromLogits) => softmaxCrossEntropy({ fromLogits, labelSmoothing: 0.1 }),
  'softmax soft': (fromLogits) => softmaxCrossEntropy({ fromLogits }),
  'softmax integer': (fromLogits) => softmaxCrossEntropy({ fromLogits }),
  'binary smoothing 0.0': (fromLogits) => binaryCrossEntropy({ fromLogits }),
  'binary smoothing 0.1': (fromLogits) => binaryCrossEntropy({ fromLogits, labelSmoothing: 0.1 }),
  'binary one output': (fromLogits) => binaryCrossEntropy({ fromLogits }),
  'categorical focal': (fromLogits) => focalLoss({ fromLogits }),
  'binary focal': (fromLogits) => focalLoss({ kind: 'sigmoid', fromLogits }),
};

beforeAll(startWasm);

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test.each(Object.keys(OURS) as Case[])('%s', async (name) => {
    const { labels, labelShape, logits: fromLogits, probabilities } = cases[name];
    const scoresOf = tf.tensor2d(logits, shape as [number, number]);
    const x = name === 'binary one output' ? tf.slice(scoresOf, [0, 0], [6, 1]) : scoresOf;
    const y = tf.tensor(labels, labelShape, labelShape.length === 1 ? 'int32' : 'float32');
    const p = name.startsWith('binary') ? tf.sigmoid(x) : tf.softmax(x);
    // Keras clips the focal loss of logits as well, to 16.1 per sample. This library's loss is exact.
    const clipped = name === 'categorical focal' ? 1 : -1;
    const ours = [...(await OURS[name](true)(y, x).data())];
    expect(ours.filter((_, i) => i !== clipped)).toBeAllclose(
      fromLogits.filter((_, i) => i !== clipped),
      { tolerance: 2e-5 },
    );
    expect(await OURS[name](false)(y, p).data()).toBeAllclose(probabilities, { tolerance: 2e-5 });
  });
});

// In two batches of different sizes, where the mean of batch values would differ from the value over all samples.
async function inTwoBatches(metric: Metric, labels: tf.Tensor, predictions: tf.Tensor): Promise<number> {
  const batches = [
    [0, 4],
    [4, 2],
  ] as const;
  const sums = batches.map(([start, size]) => metric.counts(tf.slice(labels, start, size), tf.slice(predictions, start, size)));
  return (await metric.result(tf.add<tf.Tensor1D>(sums[0]!, sums[1]!)).data())[0]!;
}

test('metrics over several batches equal those of Keras over all samples', async () => {
  const x = tf.tensor2d(logits, shape as [number, number]);
  const probabilities = tf.softmax(x);
  const onehot = tf.tensor2d(cases['softmax one-hot smoothing 0.0'].labels, shape as [number, number]);
  const several = tf.tensor2d(scores['multi-label'], shape as [number, number]);
  for (const k of [1, 2, 3] as const) expect(await inTwoBatches(topK(k), onehot, probabilities)).toBeCloseTo(metrics[`topK ${k}`], 6);
  expect(await inTwoBatches(accuracy(), tf.argMax(onehot, -1), probabilities)).toBeCloseTo(metrics['topK 1'], 6);
  expect(await inTwoBatches(precision(), several, tf.sigmoid(x))).toBeCloseTo(scores.precision[0]!, 6);
  expect(await inTwoBatches(recall(), several, tf.sigmoid(x))).toBeCloseTo(scores.recall[0]!, 6);
  expect(await inTwoBatches(f1(), several, tf.sigmoid(x))).toBeCloseTo(scores['f1 micro'][0]!, 6);
  expect(await inTwoBatches(f1({ threshold: 'argmax', average: 'macro' }), onehot, probabilities)).toBeCloseTo(scores['f1 macro'][0]!, 6);
  expect(await inTwoBatches(auc(), several, tf.sigmoid(x))).toBeCloseTo(scores.auc[0]!, 5);
});

test('refuses labels that do not match the predictions', () => {
  const p = tf.fill([2, 3], 1 / 3);
  expect(() => softmaxCrossEntropy()(tf.zeros([2, 4]), p)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: softmaxCrossEntropy: expected labels [2] or [2, 3], received [2, 4].]`,
  );
  expect(() => binaryCrossEntropy()(tf.zeros([3]), p)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: binaryCrossEntropy: expected labels [2] or [2, 3], received [3].]`,
  );
  expect(() => softmaxCrossEntropy({ labelSmoothing: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: softmaxCrossEntropy: expected a number in [0, 1) for \`labelSmoothing\`, received 1.]`,
  );
  expect(() => topK(0)).toThrowErrorMatchingInlineSnapshot(`[OptionError: topK: expected a positive integer for \`k\`, received 0.]`);
});

test('losses and metrics that were not called say so when TensorFlow.js calls them', async () => {
  const compiled = (options: object): tfl.LayersModel => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [2], activation: 'softmax' })] });
    model.compile({ optimizer: 'sgd', loss: softmaxCrossEntropy(), ...options });
    return model;
  };
  const [xs, ys] = [tf.ones([1, 2]), tf.oneHot([1], 3)];
  for (const [options, name, call] of [
    [{ loss: softmaxCrossEntropy }, 'softmaxCrossEntropy', 'softmaxCrossEntropy()'],
    [{ loss: binaryCrossEntropy }, 'binaryCrossEntropy', 'binaryCrossEntropy()'],
    [{ loss: focalLoss }, 'focalLoss', 'focalLoss()'],
    [{ metrics: [topK] }, 'topK', 'topK(5)'],
    [{ metrics: [precision] }, 'precision', 'precision()'],
  ] as const)
    await expect(Promise.resolve().then(() => compiled(options).trainOnBatch(xs, ys))).rejects.toThrow(
      `${name}: expected options, received labels. Call it: \`${call}\`.`,
    );
});
