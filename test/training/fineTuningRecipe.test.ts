// The options of fineTune that the recipe returns, as numbers and in a run.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { fineTune, fineTuningRecipe, type Schedule } from '../../src/training/index.js';
import { tinyData, tinyModel } from '../support/tinyTraining.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('the rate increases over a tenth of the updates and ends near 0', () => {
  const [stage] = fineTuningRecipe({ images: 600 }).stages;
  const rate = stage!.learningRate as Schedule;
  // 38 batches of 16 in each of two epochs are 76 updates, of which 7 increase the rate.
  expect([stage!.unfreeze, stage!.epochs]).toEqual(['all', 2]);
  expect(rate(0)).toBe(0);
  expect(rate(7)).toBeGreaterThan(1.9e-4);
  expect(Math.max(...Array.from({ length: 76 }, (_, step) => rate(step)))).toBeLessThanOrEqual(2e-4);
  expect(rate(75)).toBeLessThan(1e-6);
  const [larger] = fineTuningRecipe({ images: 600, batchSize: 32, epochs: 10, learningRate: 1e-3 }).stages;
  expect((larger!.learningRate as Schedule)(19)).toBeGreaterThan(9.7e-4);
  expect((larger!.learningRate as Schedule)(190)).toBeCloseTo(0, 10);
});

test('labels are smoothed with softmax, and not with sigmoid', async () => {
  const loss = async (classifierActivation: 'softmax' | 'sigmoid'): Promise<number[]> => {
    const recipe = fineTuningRecipe({ images: 600, classifierActivation });
    const [y, p] = [tf.tensor2d([[1, 0]]), tf.tensor2d([[0.9, 0.1]])];
    return [...(await recipe.loss(y, p).data())];
  };
  // -0.95 log 0.9 - 0.05 log 0.1, and -log 0.9 for each of two labels.
  expect(await loss('softmax')).toBeAllclose([0.215222], { tolerance: 1e-5 });
  expect(await loss('sigmoid')).toBeAllclose([0.1053605], { tolerance: 1e-5 });
});

test('runs in fineTune, where any option can be replaced', async () => {
  const model = tinyModel();
  const recipe = fineTuningRecipe({ images: 12, batchSize: 4, epochs: 2, unfreeze: ['predictions'] });
  const history = await fineTune(model, { ...recipe, train: tinyData() });
  expect(history.map(({ epoch }) => epoch)).toEqual([0, 1]);
  expect(history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
});

test('invalid options are refused', () => {
  expect(() => fineTuningRecipe({} as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTuningRecipe: expected a positive integer for \`images\`, received undefined.]`,
  );
  expect(() => fineTuningRecipe({ images: 600, unfreeze: 'block4a' as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: fineTuningRecipe: expected one of 'all' or an array, each a non-empty string or { from: NAME } or a function for \`unfreeze\`, received 'block4a'.]`,
  );
});
