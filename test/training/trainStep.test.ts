// Errors of training steps name the function that trains.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { sgd, softmaxCrossEntropy } from '../../src/training/index.js';
import { emptyTally } from '../../src/training/tally.js';
import { splitModel } from '../../src/training/frozenPart.js';
import { testStep, trainStep, type StepContext } from '../../src/training/trainStep.js';
import { tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each<[string, () => tf.Tensor, Partial<StepContext>]>([
  ['labels out of range', () => tf.tensor1d([0, 7]), {}],
  ['labels of another width', () => tf.zeros([2, 2]), {}],
  ['labels that are not finite', () => tf.tensor2d([NaN, 0], [2, 1]), { loss: () => tf.zeros([2]) }],
  ['a loss that throws', () => tf.tensor1d([0, 1]), { loss: () => tf.concat([]) }],
  ['a loss without result', () => tf.tensor1d([0, 1]), { loss: (() => undefined) as never }],
  ['a loss that is not finite', () => tf.tensor1d([0, 1]), { loss: (_, predictions) => tf.mul(tf.sum(predictions, -1), NaN) }],
])('%s', async (_name, labels, more) => {
  const model = tinyModel();
  const split = await splitModel('caller', model, {});
  const context: StepContext = {
    where: 'caller',
    model,
    split,
    loss: softmaxCrossEntropy(),
    metrics: [],
    classWeights: undefined,
    ...more,
  };
  const batch = { xs: tf.ones([2, 4]), ys: labels() };
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const place = 'step 0 of epoch 0';
  await expect(trainStep(context, sgd(), variables, batch, emptyTally([]), place)).rejects.toThrow(/^caller: expected /);
  await expect(testStep(context, batch, emptyTally([]), place)).rejects.toThrow(/^caller: expected /);
});
