import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { dropout, stochasticDepth } from '../../src/layers/index.js';
import { callback, dropRateSchedule } from '../../src/training/index.js';

beforeAll(() => tf.setBackend('cpu'));

const SAMPLES = 2000;
/** Builds a model that drops samples with rate 0.4 in one branch and values with rate 0.2 in another. `dropped` measures both fractions. */
function build(): { model: tfl.LayersModel; dropped: () => Promise<number[]> } {
  const input = tfl.input({ shape: [1, 1, 1] });
  const deep = stochasticDepth({ rate: 0.4, seed: 1, name: 'deep' }).apply(input) as tfl.SymbolicTensor;
  const values = dropout({ rate: 0.2, seed: 2, name: 'values' }).apply(input) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: [deep, values] });
  const dropped = async (): Promise<number[]> => {
    const outputs = tf.tidy(() => model.apply(tf.ones([SAMPLES, 1, 1, 1]), { training: true }) as tf.Tensor[]);
    const zeros = await Promise.all(
      outputs.map(async (output) => [...(await output.data())].filter((value) => value === 0).length / SAMPLES),
    );
    tf.dispose(outputs);
    return zeros;
  };
  return { model, dropped };
}

test('changes the rates of the selected layers from epoch to epoch, and restores them at the end', async () => {
  for (const [layers, expected] of [
    ['stochasticDepth', [0.1, 0.2]],
    ['dropout', [0.4, 0.05]],
    ['all', [0.1, 0.05]],
  ] as const) {
    const { model, dropped } = build();
    const schedule = dropRateSchedule((epoch) => epoch / 4, { layers });
    schedule.setModel(model);
    await schedule.onTrainBegin();
    await schedule.onEpochBegin(1);
    expect(await dropped()).toBeAllclose(expected, { tolerance: 0.03 });
    await schedule.onEpochBegin(0);
    expect((await dropped()).filter((share) => share === 0).length).toBe(layers === 'all' ? 2 : 1);
    await schedule.onTrainEnd();
    expect(await dropped()).toBeAllclose([0.4, 0.2], { tolerance: 0.03 });
  }
});

test('a model is saved with its original rates', async () => {
  const { model } = build();
  const schedule = dropRateSchedule(() => 0.5);
  schedule.setModel(model);
  await schedule.onEpochBegin(0);
  expect(model.getLayer('deep').getConfig()['rate']).toBe(0.4);
});

test('works with model.fit', async () => {
  const input = tfl.input({ shape: [1, 1, 4] });
  const flat = tfl.layers.flatten().apply(stochasticDepth({ rate: 0.5, seed: 1, name: 'deep' }).apply(input)) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 1 }).apply(flat) as tfl.SymbolicTensor });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const seen: number[] = [];
  const look = callback({
    onEpochEnd: () => {
      seen.push((model.getLayer('deep') as unknown as { rateScale: number }).rateScale);
    },
  });
  await model.fit(tf.ones([4, 1, 1, 4]), tf.ones([4, 1]), {
    epochs: 3,
    verbose: 0,
    callbacks: [dropRateSchedule((epoch) => epoch / 2), look],
  });
  expect(seen).toEqual([0, 0.5, 1]);
  model.dispose();
});

test('refuses invalid factors and models without such layers', async () => {
  const { model } = build();
  const failing = async (factor: (epoch: number) => number): Promise<void> => {
    const schedule = dropRateSchedule(factor);
    schedule.setModel(model);
    await schedule.onEpochBegin(0);
  };
  await expect(failing(() => -1)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: dropRateSchedule: expected a number of at least 0 that keeps every rate below 1 (the highest is 0.4) for \`factor\`, received -1.]`,
  );
  await expect(failing(() => 2.5)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[OptionError: dropRateSchedule: expected a number of at least 0 that keeps every rate below 1 (the highest is 0.4) for \`factor\`, received 2.5.]`,
  );
  await expect(failing(() => NaN)).rejects.toThrow('received NaN');
  expect(() => dropRateSchedule(() => 1, { layers: 'deep' as 'all' })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: dropRateSchedule: expected one of 'stochasticDepth', 'dropout', 'all' for \`layers\`, received 'deep'.]`,
  );
  const input = tfl.input({ shape: [2] });
  const plain = tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 1 }).apply(input) as tfl.SymbolicTensor });
  const schedule = dropRateSchedule(() => 1);
  schedule.setModel(plain);
  await expect(schedule.onTrainBegin()).rejects.toThrow('expected a model with layers of stochastic depth');
});
