import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { callback, earlyStopping, ema, reduceOnPlateau, sgd, terminateOnNaN } from '../../src/training/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { fit, scripted } from '../support/tinyFit.js';
import { weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('earlyStopping stops when its patience is exhausted, and restores the weights of the best epoch', async () => {
  const weights: number[][] = [];
  const record = callback({ onEpochEnd: async (_epoch, _metrics, model) => void weights.push(await weightsOfAll(model)) });
  const { model } = await fit([scripted([3, 1, 2, 2, 2, 2]), record, earlyStopping({ patience: 2 })], { epochs: 6 });
  expect(weights).toHaveLength(4);
  expect(await weightsOfAll(model)).toEqual(weights[1]);
  expect(weights[3]).not.toEqual(weights[1]);
});

test('earlyStopping prefers higher accuracies, and its error lists the available metrics', async () => {
  const seen: number[] = [];
  const values = [0.5, 0.6, 0.55, 0.58];
  const scriptedAccuracy = callback({
    onEpochEnd: (epoch) => {
      seen.push(epoch);
      return { val_accuracy: values[epoch]! };
    },
  });
  await fit([scriptedAccuracy, earlyStopping({ monitor: 'val_accuracy', patience: 2 })], { epochs: 9 });
  expect(seen).toEqual([0, 1, 2, 3]);
  await expect(fit([earlyStopping({ monitor: 'val_acuracy' })])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: earlyStopping: expected one of the metrics val_loss, loss for \`monitor\`, received 'val_acuracy'.]`,
  );
});

test('terminateOnNaN names the step and the epoch', async () => {
  const poison = callback({
    onBatchEnd: (batch, _metrics, model) => {
      if (batch === 3) model.getLayer('predictions').setWeights([tf.fill([6, 3], NaN), tf.zeros([3])]);
    },
  });
  await expect(fit([poison, terminateOnNaN()])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[EffnetError: fit: expected a finite loss, received NaN at step 4 of epoch 0. The model keeps the weights of the previous step, and the last checkpoint remains valid. Lower the learning rate, clip gradients, or look at that batch.]`,
  );
});

test('callbacks leave no tensors behind', async () => {
  await expectNoLeak(async () => {
    const average = ema();
    const optimizer = sgd({ momentum: 0.9 });
    const { model } = await fit([average, terminateOnNaN(), earlyStopping(), reduceOnPlateau()], { optimizer });
    average.dispose();
    optimizer.dispose();
    model.dispose();
  });
});

test('earlyStopping refuses an invalid option', () => {
  expect(() => earlyStopping({ patience: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: earlyStopping: expected an integer of at least 0 for \`patience\`, received -1.]`,
  );
});
