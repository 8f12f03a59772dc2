// Callbacks that set the learning rate, with `fitDataset` of TensorFlow.js.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test, vi } from 'vitest';
import { adam, learningRateSchedule, reduceOnPlateau, sgd, warmupCosine } from '../../src/training/index.js';
import { fit, scripted } from '../support/tinyFit.js';
import { tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each([
  ['our optimizer', () => sgd()],
  ['stock SGD', () => tf.train.sgd(1)],
  ['stock momentum', () => tf.train.momentum(1, 0.9)],
  ['stock Adam', () => tf.train.adam(1)],
])('learningRateSchedule sets the rate of %s before every step and logs it', async (_name, optimizer) => {
  const logs: number[] = [];
  const schedule = warmupCosine({ maxLearningRate: 0.1, warmupSteps: 4, totalSteps: 12 });
  const { history } = await fit(
    [
      learningRateSchedule(schedule, {
        logEverySteps: 3,
        onLog: ({ step, learningRate, loss }) => logs.push(step, learningRate, Number(loss > 0)),
      }),
    ],
    { epochs: 2, optimizer: optimizer() },
  );
  expect(logs).toEqual([0, 3, 6, 9].flatMap((step) => [step, schedule(step), 1]));
  expect(history['learningRate']).toEqual([schedule(5), schedule(11)]);
});

test('with a scheduled rate of 0, a stock optimizer changes nothing', async () => {
  const model = tinyModel();
  const before = await model.getLayer('predictions').getWeights()[0]!.data();
  await fit([learningRateSchedule(() => 0, { logEverySteps: 0 })], { epochs: 1, optimizer: tf.train.adam(1), model });
  expect(await model.getLayer('predictions').getWeights()[0]!.data()).toEqual(before);
});

test('learningRateSchedule prints to the console every 100 steps', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  await fit([learningRateSchedule(() => 0.01)], { epochs: 17, validate: false });
  expect(log.mock.calls.map(([line]) => (line as string).replace(/loss [\d.]+/, 'loss L'))).toEqual([
    'step 0: loss L, learning rate 0.01000',
    'step 100: loss L, learning rate 0.01000',
  ]);
  log.mockRestore();
});

test('reduceOnPlateau lowers the rate when its patience is exhausted, waits for the cooldown, and stops at the minimum rate', async () => {
  const { history } = await fit(
    [scripted([1, 1, 1, 1, 1, 1, 1]), reduceOnPlateau({ factor: 0.1, patience: 2, cooldown: 1, minLearningRate: 0.005 })],
    { epochs: 7 },
  );
  expect(history['learningRate']).toBeAllclose([0.1, 0.1, 0.01, 0.01, 0.005, 0.005, 0.005]);
  const scheduled = adam({ learningRate: () => 0.1 });
  await expect(
    fit([scripted([1, 1]), reduceOnPlateau({ patience: 1 })], { optimizer: scheduled }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: reduceOnPlateau: expected an optimizer with a constant learning rate, received one with a schedule, which would overwrite the lowered rate.]`,
  );
});
