// Labels out of range are refused at the first batch, in every form and by every way to train.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Dataset } from '../../src/data/index.js';
import * as finite from '../../src/layers/finite.js';
import { efficientNet } from '../../src/models/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import {
  accuracy,
  adam,
  auc,
  binaryCrossEntropy,
  callback,
  f1,
  fineTune,
  focalLoss,
  precision,
  recall,
  sgd,
  softmaxCrossEntropy,
  topK,
  trainHead,
  terminateOnNaN,
  type Loss,
  type TrainingBatch,
} from '../../src/training/index.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';
import { TRAINING_BACKENDS } from '../support/trainingBackends.js';

const indices: [string, number[]][] = [
  ['too large', [0, 3]],
  ['negative', [0, -1]],
  ['a fraction', [0, 1.7]],
  ['NaN', [0, NaN]],
];
const vectors: [string, number[][]][] = [
  [
    'more than 1',
    [
      [0, 1, 0],
      [0, 2, 0],
    ],
  ],
  [
    'negative',
    [
      [1, 0, 0],
      [1.5, -0.5, 0],
    ],
  ],
  [
    'NaN',
    [
      [1, 0, 0],
      [0, NaN, 0],
    ],
  ],
];
const labelsOf = (values: number[] | number[][]): tf.Tensor => tf.tensor(values);
const one = (ys: () => tf.Tensor): Dataset<TrainingBatch> => Dataset.from([0]).map(() => ({ xs: tf.zeros([2, 4]), ys: ys() }));

const softmax: [string, Loss][] = [
  ['softmaxCrossEntropy', softmaxCrossEntropy()],
  ['focalLoss', focalLoss()],
  ['softmaxCrossEntropy from logits', softmaxCrossEntropy({ fromLogits: true })],
];
const all: [string, Loss][] = [
  ...softmax,
  ['binaryCrossEntropy', binaryCrossEntropy()],
  ['focalLoss of targets', focalLoss({ kind: 'sigmoid' })],
];

function compiled(loss: Loss, optimizer: tf.Optimizer = sgd()): tfl.LayersModel {
  const model = tinyModel();
  model.compile({ optimizer, loss });
  return model;
}

describe.each(TRAINING_BACKENDS)('on %s', (_, start) => {
  beforeAll(start);

  test.each(all)(
    '%s checks labels in fitDataset and evaluateDataset, with an optimizer of this library or of TensorFlow.js',
    async (_name, loss) => {
      for (const [, values] of [...indices, ...vectors]) {
        for (const model of [compiled(loss), compiled(loss, tf.train.sgd(0.1))]) {
          const before = await weightsOfAll(model);
          // The Dataset itself refuses numbers that are not finite.
          const message = values.flat().some(Number.isNaN)
            ? 'Dataset: expected finite numbers for `ys` at step 0 of epoch 0'
            : 'expected labels in [0, ';
          await expect(
            model.fitDataset(
              one(() => labelsOf(values)),
              { epochs: 1, verbose: 0 },
            ),
          ).rejects.toThrow(message);
          await expect(model.evaluateDataset(one(() => labelsOf(values)) as never, {})).rejects.toThrow(message);
          // With a stock optimizer, the forward pass changes the moving statistics.
          if (model.optimizer.getClassName() !== 'SGD') expect(await weightsOfAll(model)).toEqual(before);
        }
      }
    },
  );

  test.each(softmax)('%s refuses a vector of zeros, to which one-hot encoding turns a label out of range', async (_name, loss) => {
    await expect(
      compiled(loss).fitDataset(
        one(() => tf.cast(tf.oneHot(tf.tensor1d([0, 3], 'int32'), 3), 'float32')),
        { epochs: 1, verbose: 0 },
      ),
    ).rejects.toThrow('expected label vectors of one class or of class probabilities, received only zeros at step 0 of this optimizer.');
  });

  test('accepts labels without any target where targets do not exclude each other', async () => {
    await compiled(binaryCrossEntropy()).fitDataset(
      one(() => tf.zeros([2, 3])),
      { epochs: 1, verbose: 0 },
    );
    // Mixed labels may differ from 0 and 1 by a rounding error.
    await compiled(softmaxCrossEntropy()).fitDataset(
      one(() =>
        tf.tensor2d([
          [1.0000001, -1e-8, 0],
          [0.3, 0.7000001, 0],
        ]),
      ),
      { epochs: 1, verbose: 0 },
    );
  });

  test('with a callback of this library, the error of model.fitDataset names epoch and step', async () => {
    const batches = Dataset.from([0, 7]).map((label) => ({ xs: tf.ones([2, 4]), ys: tf.tensor1d([0, label]) }));
    await expect(compiled(softmaxCrossEntropy()).fitDataset(batches, { epochs: 1, verbose: 0, callbacks: [callback({})] })).rejects.toThrow(
      "softmaxCrossEntropy: expected labels in [0, 3), one of the model's 3 classes, received 7 at step 1 of epoch 0.",
    );
  });

  test('metrics check labels, alone and with a loss of the user', async () => {
    const squares: Loss = (labels, predictions) => tf.mean(tf.squaredDifference(tf.reshape(labels, [2, -1]), predictions), -1);
    const predictions = tf.tensor2d([
      [0.2, 0.3, 0.5],
      [0.2, 0.3, 0.5],
    ]);
    for (const metric of [accuracy(), topK(2), precision(), recall(), f1(), auc()]) {
      for (const [, values] of [...indices, ...vectors]) {
        const labels = labelsOf(values);
        expect(() => metric(labels, predictions)).toThrow(`${metric.name}: expected labels in [0, `);
        expect(() => metric.counts(labels, predictions)).toThrow('expected labels in [0, ');
        labels.dispose();
      }
    }
    const model = tinyModel();
    model.compile({ optimizer: sgd(), loss: squares, metrics: [accuracy()] });
    const before = await weightsOfAll(model);
    await expect(
      model.fitDataset(
        one(() =>
          tf.tensor2d([
            [0, 1, 0],
            [0, 37, 0],
          ]),
        ),
        { epochs: 1, verbose: 0 },
      ),
    ).rejects.toThrow('accuracy: expected labels in [0, 1], received 37 at step 0 of this optimizer.');
    expect(await weightsOfAll(model)).toEqual(before);
    const stages = [{ unfreeze: 'all' as const, epochs: 1 }];
    await expect(
      fineTune(model, {
        train: one(() =>
          tf.tensor2d([
            [0, 1, 0],
            [0, 37, 0],
          ]),
        ),
        stages,
        loss: squares,
      }),
    ).rejects.toThrow('fineTune: expected labels in [0, 1], received 37 at step 0 of epoch 0.');
    // Without metrics, the meaning of the labels is up to the loss.
    await fineTune(model, {
      train: one(() =>
        tf.tensor2d([
          [0, 1, 0],
          [0, 37, 0],
        ]),
      ),
      stages,
      loss: squares,
      metrics: [],
    });
  });

  test.each([...indices, ...vectors])('fineTune, labels %s', async (_name, values) => {
    const model = tinyModel();
    const before = await weightsOfAll(model);
    const data = tinyData(false).map(({ xs, ys }, { index }) =>
      index === 1 ? { xs: tf.zeros([2, 4]), ys: labelsOf(values) } : { xs, ys },
    );
    await expect(fineTune(model, { train: data.skip(1), stages: [{ unfreeze: 'all', epochs: 1 }] })).rejects.toThrow(
      /^fineTune: expected labels in \[0, .*, received .* at step 0 of epoch 0\.$/,
    );
    await expect(
      fineTune(model, {
        train: tinyData(),
        validation: data,
        stages: [{ unfreeze: ['top_dropout', 'predictions'], epochs: 1, learningRate: 0 }],
      }),
    ).rejects.toThrow('at validation step 1 after epoch 0.');
    expect(await weightsOfAll(model)).toEqual(before);
  });

  test.each<[string, number[] | number[][], 'softmax' | 'sigmoid', string]>([
    ...indices.map(([name, values]): [string, number[], 'softmax', string] => [
      name,
      values,
      'softmax',
      'trainHead: expected labels below 3, the number of `classNames`, received',
    ]),
    ...vectors.map(([name, values]): [string, number[][], 'softmax', string] => [
      `vectors ${name}`,
      values,
      'softmax',
      'trainHead: expected labels in [0, 1], received',
    ]),
    [
      'only zeros',
      [
        [1, 0, 0],
        [0, 0, 0],
      ],
      'softmax',
      'received only zeros. Look at step 0 of epoch 0, in the training features.',
    ],
    [
      'of targets',
      [
        [1, 1, 0],
        [0, 0, 2],
      ],
      'sigmoid',
      'trainHead: expected labels in [0, 1], received 2. Look at step 0 of epoch 0',
    ],
  ])('trainHead, labels %s', async (_name, values, activation, message) => {
    const backbone = efficientNet(
      { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 32 },
      { classes: 3, inputSize: 32, seed: 1 },
    );
    const train = Dataset.from([0]).map(() => ({ xs: tf.zeros<tf.Rank.R4>([2, 32, 32, 3]), ys: labelsOf(values) }));
    await expect(
      trainHead(backbone, {
        classNames: ['a', 'b', 'c'],
        train,
        classifierActivation: activation,
        preprocessing: { inputSize: 32, fit: 'stretch' },
      }),
    ).rejects.toThrow(message);
    backbone.dispose();
  });
});

// Simulates a GPU backend, where results cannot be read synchronously.
describe('on a backend with asynchronous reads', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
    vi.spyOn(finite, 'readsAtOnce').mockReturnValue(false);
    return () => {
      vi.restoreAllMocks();
    };
  });

  test.each([
    ...all.flatMap(([name, loss]) => [...indices, ...vectors].map(([kind, values]) => [`${name}, ${kind}`, loss, values] as const)),
  ])('%s makes the loss NaN', async (_name, loss, values) => {
    const losses = await tf.tidy(() => loss(labelsOf(values), tf.fill([2, 3], 1 / 3))).data();
    expect(losses.some(Number.isNaN)).toBe(true);
  });

  test('valid labels give the same loss, and a step that is not finite keeps the weights until the error is thrown', async () => {
    const [good, bad] = [tf.tensor1d([0, 1], 'int32'), tf.tensor1d([0, 3])];
    const predictions = tf.tensor2d([
      [0.2, 0.3, 0.5],
      [0.2, 0.3, 0.5],
    ]);
    expect(await softmaxCrossEntropy()(good, predictions).data()).toBeAllclose([-Math.log(0.2), -Math.log(0.3)], { tolerance: 1e-6 });
    const model = compiled(softmaxCrossEntropy(), adam());
    const single = (ys: tf.Tensor) => ({
      size: 1,
      iterator: () => {
        const items = [{ xs: tf.ones([2, 4]), ys: tf.clone(ys) }];
        return Promise.resolve({ next: () => Promise.resolve({ done: items.length === 0, value: items.pop() }) });
      },
    });
    const fit = (ys: tf.Tensor, options: object = {}) => model.fitDataset(single(ys), { epochs: 1, verbose: 0, ...options });
    await fit(good);
    const before = await weightsOfAll(model);
    const { history } = await fit(bad);
    expect(history['loss']![0]).toBeNaN();
    expect(await weightsOfAll(model)).toEqual(before);
    await expect(fit(good)).rejects.toThrow(
      'adam: expected a finite loss, gradients and weights, received NaN or Infinity at step 1 of this optimizer',
    );
    expect(await weightsOfAll(model)).toEqual(before);
    await expect(fit(bad, { callbacks: [terminateOnNaN()] })).rejects.toThrow(
      'fit: expected a finite loss, gradients and weights, received NaN or Infinity at step 0 of epoch 0.',
    );
    expect(await weightsOfAll(model)).toEqual(before);
    await fit(good);
    expect(await weightsOfAll(model)).not.toEqual(before);
  });
});
