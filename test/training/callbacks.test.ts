// Every callback in TensorFlow.js' own fitDataset.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test, vi } from 'vitest';
import keras from '../fixtures/training/keras.json' with { type: 'json' };
import type { Progress } from '../../src/core/index.js';
import {
  adam, callback, earlyStopping, ema, learningRateSchedule, reduceOnPlateau, sgd, softmaxCrossEntropy, terminateOnNaN, trainingProgress,
  warmupCosine, type TrainingCallback,
} from '../../src/training/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { tinyData, tinyModel, weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface FitOptions {
  readonly epochs?: number;
  readonly optimizer?: tf.Optimizer;
  readonly model?: layers.LayersModel;
  readonly validate?: boolean;
}

async function fit(callbacks: TrainingCallback[], { epochs = 3, optimizer = sgd({ learningRate: 0.1 }), model = tinyModel(), validate = true }: FitOptions = {}) {
  model.compile({ optimizer, loss: softmaxCrossEntropy() });
  const validation = validate ? { validationData: tinyData(false) as never } : {};
  const history = await model.fitDataset(tinyData(), { epochs, verbose: 0, callbacks, ...validation });
  return { model, history: history.history as Record<string, number[]> };
}

/** Gives `val_loss` these values in turn. */
const scripted = (values: number[]): TrainingCallback => callback({ onEpochEnd: (epoch) => ({ val_loss: values[epoch]! }) });

test.each([
  ['our optimizer', () => sgd()], ['stock SGD', () => tf.train.sgd(1)], ['stock momentum', () => tf.train.momentum(1, 0.9)], ['stock Adam', () => tf.train.adam(1)],
])('learningRateSchedule sets the rate of %s before every step and logs it', async (_name, optimizer) => {
  const logs: number[] = [];
  const schedule = warmupCosine({ maxLearningRate: 0.1, warmupSteps: 4, totalSteps: 12 });
  const { history } = await fit([learningRateSchedule(schedule, { logEverySteps: 3, onLog: ({ step, learningRate, loss }) => logs.push(step, learningRate, Number(loss > 0)) })], { epochs: 2, optimizer: optimizer() });
  expect(logs).toEqual([0, 3, 6, 9].flatMap((step) => [step, schedule(step), 1]));
  expect(history['learningRate']).toEqual([schedule(5), schedule(11)]);
});

test('a rate of 0 by schedule leaves a stock optimizer still', async () => {
  const model = tinyModel();
  const before = await model.getLayer('predictions').getWeights()[0]!.data();
  await fit([learningRateSchedule(() => 0, { logEverySteps: 0 })], { epochs: 1, optimizer: tf.train.adam(1), model });
  expect(await model.getLayer('predictions').getWeights()[0]!.data()).toEqual(before);
});

test('learningRateSchedule writes to the console every 100 steps', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  await fit([learningRateSchedule(() => 0.01)], { epochs: 17, validate: false });
  expect(log.mock.calls.map(([line]) => (line as string).replace(/loss [\d.]+/, 'loss L'))).toEqual(['step 0: loss L, learning rate 0.01000', 'step 100: loss L, learning rate 0.01000']);
  log.mockRestore();
});

test('earlyStopping ends the run after its patience, with the weights of the best epoch', async () => {
  const weights: number[][] = [];
  const record = callback({ onEpochEnd: async (_epoch, _figures, model) => void weights.push(await weightsOfAll(model)) });
  const { model } = await fit([scripted([3, 1, 2, 2, 2, 2]), record, earlyStopping({ patience: 2 })], { epochs: 6 });
  expect(weights).toHaveLength(4);
  expect(await weightsOfAll(model)).toEqual(weights[1]);
  expect(weights[3]).not.toEqual(weights[1]);
});

test('earlyStopping takes accuracy as better when large, and says which metrics there are', async () => {
  const seen: number[] = [];
  const values = [0.5, 0.6, 0.55, 0.58];
  const scriptedAccuracy = callback({ onEpochEnd: (epoch) => { seen.push(epoch); return { val_accuracy: values[epoch]! }; } });
  await fit([scriptedAccuracy, earlyStopping({ monitor: 'val_accuracy', patience: 2 })], { epochs: 9 });
  expect(seen).toEqual([0, 1, 2, 3]);
  await expect(fit([earlyStopping({ monitor: 'val_acuracy' })])).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: earlyStopping: expected one of the metrics val_loss, loss for \`monitor\`, received 'val_acuracy'.]`);
});

test('reduceOnPlateau lowers the rate after its patience, rests, and stops at the least rate', async () => {
  const { history } = await fit([scripted([1, 1, 1, 1, 1, 1, 1]), reduceOnPlateau({ factor: 0.1, patience: 2, cooldown: 1, minLearningRate: 0.005 })], { epochs: 7 });
  expect(history['learningRate']).toBeAllclose([0.1, 0.1, 0.01, 0.01, 0.005, 0.005, 0.005]);
  const scheduled = adam({ learningRate: () => 0.1 });
  await expect(fit([scripted([1, 1]), reduceOnPlateau({ patience: 1 })], { optimizer: scheduled })).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: reduceOnPlateau: expected an optimizer with a constant rate, received one with a schedule, which sets the rate itself.]`);
});

test('terminateOnNaN names batch and epoch', async () => {
  const poison = callback({ onBatchEnd: (batch, _figures, model) => {
    if (batch === 3) model.getLayer('predictions').setWeights([tf.fill([6, 3], NaN), tf.zeros([3])]);
  } });
  await expect(fit([poison, terminateOnNaN()])).rejects.toThrowErrorMatchingInlineSnapshot(`[EffnetError: fit: expected a finite loss, received NaN at step 4 of epoch 0. The model keeps the weights of the step before, and the last checkpoint stays. Lower the learning rate, clip gradients, or look at that batch.]`);
});

test('ema averages as TensorFlow does', async () => {
  const { decay, initial, steps } = keras.ema;
  const model = tinyModelOf(initial);
  const average = ema({ decay });
  average.setModel(model);
  await average.onTrainBegin();
  for (const { value, average: expected } of steps) {
    model.layers[0]!.setWeights([tf.tensor2d(value, [3, 2])]);
    await average.onBatchEnd(0);
    expect((await average.weights()).get('first/kernel')!.values()).toBeAllclose(expected, { tolerance: 1e-5 });
  }
  average.dispose();
});

test('ema averages the statistics of BatchNormalization too, lends its weights, and gives them for good', async () => {
  const average = ema({ decay: 0.9 });
  const { model } = await fit([average], { epochs: 2 });
  const own = await weightsOfAll(model);
  const lent = await average.use(model, () => weightsOfAll(model));
  expect(await weightsOfAll(model)).toEqual(own);
  // A bias before BatchNormalization has no gradient; all behind it moves: gamma to the classifier's bias.
  expect(lent.slice(30).filter((value, i) => value === own[30 + i])).toEqual([]);
  await expect(average.use(model, () => { throw new Error('no'); })).rejects.toThrow('no');
  expect(await weightsOfAll(model)).toEqual(own);
  await average.apply(model);
  expect(await weightsOfAll(model)).toEqual(lent);
  average.dispose();
  await expect(average.apply(model)).rejects.toThrowErrorMatchingInlineSnapshot(`[OptionError: ema.apply: expected a run that has begun, received none. Give it to fit or fineTune as a callback first.]`);
});

test('trainingProgress reports each step with its loss', async () => {
  const seen: Progress[] = [];
  await fit([trainingProgress((progress) => seen.push(progress))], { epochs: 2, validate: false });
  expect(seen.map(({ task, done, total, unit }) => [task, done, total, unit])).toEqual(
    ['epoch 1/2', 'epoch 2/2'].flatMap((task) => [1, 2, 3, 4, 5, 6].map((done) => [task, done, 6, 'steps'])));
  expect(seen[0]!.figures!['loss']).toBeGreaterThan(0);
});

test('callbacks keep no tensor', async () => {
  await expectNoLeak(async () => {
    const average = ema();
    const optimizer = sgd({ momentum: 0.9 });
    const { model } = await fit([average, terminateOnNaN(), earlyStopping(), reduceOnPlateau()], { optimizer });
    average.dispose();
    optimizer.dispose();
    model.dispose();
  });
});

test('impossible options are refused', () => {
  expect(() => earlyStopping({ patience: -1 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: earlyStopping: expected an integer of at least 0 for \`patience\`, received -1.]`);
  expect(() => ema({ decay: 1 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: ema: expected a number in [0, 1) for \`decay\`, received 1.]`);
  expect(() => callback({ onEpoch: () => undefined } as never)).toThrowErrorMatchingInlineSnapshot(`[OptionError: callback: expected one of \`onTrainBegin\`, \`onEpochBegin\`, \`onBatchBegin\`, \`onBatchEnd\`, \`onEpochEnd\`, \`onTrainEnd\`, \`save\`, \`load\`, received \`onEpoch\`.]`);
});

function tinyModelOf(kernel: number[]): layers.LayersModel {
  const model = layers.sequential({ layers: [layers.layers.dense({ units: 2, inputShape: [3], useBias: false, name: 'first' })] });
  model.layers[0]!.setWeights([tf.tensor2d(kernel, [3, 2])]);
  return model;
}
