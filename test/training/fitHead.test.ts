// The accuracy of a head, compared with values that are counted here.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import type { Features } from '../../src/training/extractFeatures.js';
import { fitHead } from '../../src/training/fitHead.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const X = [1, 2, -1, 0.5, 3, -2, 0.1, -0.3, -4, 1, 2, 1.5, -1, -1.5, -3];
const Y = [1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0];
const rowsOf = (values: readonly number[], rows: readonly number[]): tf.Tensor2D =>
  tf.tensor2d(rows.map((row) => values.slice(row * 3, row * 3 + 3)));
const features: Features = {
  count: 5,
  width: 3,
  values: Float32Array.from(X),
  take: (rows = [0, 1, 2, 3, 4]) => [rowsOf(X, rows), rowsOf(Y, rows)],
};
/** A classifier whose logits are the features themselves. */
function identity(): tfl.LayersModel {
  const input = tfl.input({ shape: [3] });
  const dense = tfl.layers.dense({ units: 3, kernelInitializer: 'identity' });
  return tfl.model({ inputs: input, outputs: dense.apply(input) as tfl.SymbolicTensor });
}

beforeAll(startWasm);

test.each([
  // Correct in rows 3 and 4.
  ['softmax', 'samples whose highest logit is the right class', 2 / 5],
  ['sigmoid', 'targets on the right side of 0.5', X.filter((x, i) => x > 0 === (Y[i] as number) > 0).length / 15],
] as const)('with %s, accuracy is the fraction of %s', async (activation, _, share) => {
  await expectNoLeak(async () => {
    const classifier = identity();
    const [epoch] = await fitHead(classifier, {
      featuresOf: () => features,
      validation: features,
      activation,
      epochs: 1,
      batchSize: 2,
      learningRate: 1e-6,
      optimizer: undefined,
      l2: 0,
      labelSmoothing: 0,
      seed: 1,
      callbacks: [],
      onEpoch: undefined,
      onProgress: undefined,
      signal: undefined,
    });
    classifier.dispose();
    expect(epoch?.accuracy).toBeCloseTo(share, 6);
    expect(epoch?.val_accuracy).toBeCloseTo(share, 6);
    expect(epoch?.loss).toBeCloseTo(epoch?.val_loss as number, 4);
  });
});

test.each([
  [0.01, 1.0487173, [0.518124, 0.176566, 0.30531, 0.267484, 0.474548, 0.257968]],
  [0.1, 1.0731399, [0.426359, 0.249449, 0.324192, 0.299931, 0.406416, 0.293652]],
])("with l2 %d, the head becomes scikit-learn's logistic regression", async (l2, loss, probabilities) => {
  // LogisticRegression(C=1 / (2 * l2 * 24), tol=1e-12) of scikit-learn 1.9.1, on the same features.
  const x = Array.from({ length: 24 * 4 }, (_, k) => Math.sin(1 + Math.floor(k / 4) * ((k % 4) + 1.5)));
  const [rows, targets] = [
    tf.tensor2d(x, [24, 4]),
    tf.oneHot(
      Array.from({ length: 24 }, (_, i) => i % 3),
      3,
    ),
  ];
  const input = tfl.input({ shape: [4] });
  const classifier = tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 3 }).apply(input) as tfl.SymbolicTensor });
  const all: Features = {
    count: 24,
    width: 4,
    values: Float32Array.from(x),
    take: () => [tf.clone(rows), tf.cast(targets, 'float32') as tf.Tensor2D],
  };
  const history = await fitHead(classifier, {
    featuresOf: () => all,
    validation: undefined,
    activation: 'softmax',
    epochs: 300,
    batchSize: 24,
    learningRate: 0.05,
    optimizer: undefined,
    l2,
    labelSmoothing: 0,
    seed: 1,
    callbacks: [],
    onEpoch: undefined,
    onProgress: undefined,
    signal: undefined,
  });
  expect(history.at(-1)?.loss).toBeCloseTo(loss, 5);
  const answers = tf.tidy(() => tf.softmax(classifier.predict(tf.slice(rows, [0, 0], [2, 4])) as tf.Tensor));
  expect(await answers.data()).toBeAllclose(probabilities, { tolerance: 1e-3 });
});
