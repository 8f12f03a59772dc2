// Metrics for heads with one, two or many outputs, for labels as indices or vectors, and with ties.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluatePredictions } from '../../src/evaluation/metrics/index.js';
import { accuracy, auc, f1, precision, recall, topK, type DecisionOptions, type Metric } from '../../src/training/index.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

async function measured(metric: Metric, labels: tf.Tensor, predictions: tf.Tensor): Promise<number> {
  const value = metric(labels, predictions);
  return (await value.data())[0]!;
}

// Correct, tied and wrong predictions of a sigmoid head.
const LABELS = [1, 0, 1, 0, 1, 0];
const SIGMOIDS = [0.9, 0.5, 0.5, 0.25, 0.75, 0.625];
// A tie of three classes, two ties of two classes with the correct class first and last, and a tie of two wrong classes.
const THREE = [
  [1 / 3, 1 / 3, 1 / 3],
  [0.4, 0.4, 0.2],
  [0.2, 0.4, 0.4],
  [0.2, 0.4, 0.4],
];
const THREE_LABELS = [0, 1, 2, 0];

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test('metrics of a head with one output equal those of Keras, for labels of any form', async () => {
    // Keras 3.15.1: BinaryAccuracy, Precision, Recall, F1Score(threshold=0.5), AUC; scikit-learn 1.9.1: top_k_accuracy_score(k=1) 0.6667.
    const expected: readonly [Metric, number][] = [
      [accuracy(), 0.6666667],
      [topK(1), 0.6666667],
      [topK(2), 1],
      [topK(5), 1],
      [precision(), 0.6666667],
      [recall(), 0.6666667],
      [f1(), 0.6666667],
      [auc(), 0.8333333],
    ];
    const p = tf.tensor2d(SIGMOIDS, [6, 1]);
    const forms = [tf.tensor1d(LABELS, 'int32'), tf.tensor1d(LABELS), tf.tensor2d(LABELS, [6, 1], 'int32'), tf.tensor2d(LABELS, [6, 1])];
    for (const labels of forms) {
      for (const [metric, value] of expected) expect(await measured(metric, labels, p), metric.name).toBeCloseTo(value, 6);
    }
  });

  test('topK(1) of one output equals the accuracy of an evaluation, with ties', async () => {
    const one = tf.tensor2d(SIGMOIDS, [6, 1]);
    const evaluation = evaluatePredictions(SIGMOIDS, LABELS);
    expect(evaluation.topK[1]).toBe(evaluation.accuracy);
    expect(await measured(topK(1), tf.tensor1d(LABELS, 'int32'), one)).toBeCloseTo(evaluation.accuracy, 6);
  });

  test('ties among several classes count as in Keras during training, and as in scikit-learn in an evaluation', async () => {
    // scikit-learn 1.9.1: accuracy_score 0.25, top_k_accuracy_score 0.5, 0.5, 1. Keras 3.15.1: SparseCategoricalAccuracy 0.25,
    // SparseTopKCategoricalAccuracy 0.75, 0.75, 1.
    const evaluation = evaluatePredictions(THREE, THREE_LABELS, { topK: [1, 2, 3] });
    expect(evaluation.topK).toEqual({ 1: 0.5, 2: 0.5, 3: 1 });
    expect(evaluation.accuracy).toBe(0.25);
    const probabilities = tf.tensor2d(THREE);
    for (const labels of [tf.tensor1d(THREE_LABELS, 'int32'), tf.cast(tf.oneHot(tf.tensor1d(THREE_LABELS, 'int32'), 3), 'float32')]) {
      for (const [k, share] of [
        [1, 0.75],
        [2, 0.75],
        [3, 1],
        [5, 1],
      ] as const)
        expect(await measured(topK(k), labels, probabilities)).toBeCloseTo(share, 6);
      expect(await measured(accuracy(), labels, probabilities)).toBeCloseTo(0.25, 6);
    }
  });

  test("with threshold 'argmax', one output decides like two outputs", async () => {
    const labels = tf.tensor1d(LABELS, 'int32');
    const one = tf.tensor2d(SIGMOIDS, [6, 1]);
    const two = tf.tensor2d(
      SIGMOIDS.flatMap((p) => [1 - p, p]),
      [6, 2],
    );
    const metrics: readonly ((options: DecisionOptions) => Metric)[] = [precision, recall, f1];
    for (const make of metrics) {
      expect(await measured(make({ threshold: 'argmax' }), labels, one)).toBeCloseTo(2 / 3, 6);
      // Both classes are counted here: 4 of 6 decisions are correct.
      expect(await measured(make({ threshold: 'argmax' }), labels, two)).toBeCloseTo(4 / 6, 6);
    }
  });

  test.each([2, 3, 10])(
    'every metric is between 0 and 1 with %i outputs, for class indices, one-hot vectors and multiple labels',
    async (width) => {
      const p = tf.softmax(tf.randomNormal([8, width], 0, 1, 'float32', 3));
      const indices = tf.tensor1d(
        Array.from({ length: 8 }, (_, i) => i % width),
        'int32',
      );
      const oneHot = tf.oneHot(indices, width);
      const sets = tf.tensor2d(
        Array.from({ length: 8 * width }, (_, i) => Number(i % 3 === 0)),
        [8, width],
      );
      for (const labels of [indices, oneHot, sets]) {
        for (const metric of [
          accuracy(),
          topK(1),
          topK(3),
          topK(20),
          precision(),
          recall({ average: 'macro' }),
          f1({ threshold: 'argmax' }),
          auc(),
        ]) {
          const value = await measured(metric, labels, p);
          expect(value >= 0 && value <= 1.000001, `${metric.name} ${value}`).toBe(true);
        }
      }
    },
  );

  test('a prediction of NaN does not count as correct', async () => {
    // Keras' top_k_categorical_accuracy: false where the target's score is not finite.
    const predictions = tf.tensor2d([
      [NaN, 0.2, 0.8],
      [NaN, NaN, NaN],
      [0.1, 0.2, 0.7],
    ]);
    expect(await measured(topK(1), tf.tensor1d([0, 0, 2], 'int32'), predictions)).toBeCloseTo(1 / 3, 6);
  });
});
