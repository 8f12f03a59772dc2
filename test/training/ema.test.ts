import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import keras from '../fixtures/training/keras.json' with { type: 'json' };
import { ema } from '../../src/training/index.js';
import { fit } from '../support/tinyFit.js';
import { weightsOfAll } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('ema computes the same averages as TensorFlow', async () => {
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

test('ema averages moving statistics as well, sets the averages while use() runs, and sets them permanently with apply()', async () => {
  const average = ema({ decay: 0.9 });
  const { model } = await fit([average], { epochs: 2 });
  const own = await weightsOfAll(model);
  const averaged = await average.use(model, () => weightsOfAll(model));
  expect(await weightsOfAll(model)).toEqual(own);
  // A bias before BatchNormalization has no gradient. All later weights change, from gamma to the bias of the classifier.
  expect(averaged.slice(30).filter((value, i) => value === own[30 + i])).toEqual([]);
  await expect(
    average.use(model, () => {
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await weightsOfAll(model)).toEqual(own);
  await average.apply(model);
  expect(await weightsOfAll(model)).toEqual(averaged);
  average.dispose();
  await expect(average.apply(model)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: ema.apply: expected averages of a run that has begun, received none. Pass \`ema()\` to fit or fineTune as a callback first.]`,
  );
});

test('ema refuses an invalid option', () => {
  expect(() => ema({ decay: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: ema: expected a number in [0, 1) for \`decay\`, received 1.]`,
  );
});

function tinyModelOf(kernel: number[]): layers.LayersModel {
  const model = layers.sequential({ layers: [layers.layers.dense({ units: 2, inputShape: [3], useBias: false, name: 'first' })] });
  model.layers[0]!.setWeights([tf.tensor2d(kernel, [3, 2])]);
  return model;
}
