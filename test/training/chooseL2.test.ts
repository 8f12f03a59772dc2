// The choice of the L2 penalty, compared with cross-validated logistic regression of scikit-learn.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import { chooseL2, type ChooseL2Options } from '../../src/training/chooseL2.js';
import type { Features } from '../../src/training/extractFeatures.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

const OPTIONS: ChooseL2Options = {
  activation: 'softmax',
  labelSmoothing: 0,
  seed: 1,
  normalize: undefined,
  onProgress: undefined,
  signal: undefined,
};

function featuresOf(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): Features {
  return {
    count: x.length,
    width: x[0]!.length,
    values: Float32Array.from(x.flat()),
    take: (rows = x.map((_, i) => i)) => [tf.tensor2d(rows.map((row) => [...x[row]!])), tf.tensor2d(rows.map((row) => [...y[row]!]))],
  };
}

const oneHot = (label: number, classes: number): number[] => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0));

/** 90 images of three classes: the class is the largest of the first three of 12 features, plus noise. */
function noisy(noise: number): Features {
  const rows = Array.from({ length: 90 }, (_, i) => i);
  const x = rows.map((i) => Array.from({ length: 12 }, (_, j) => Math.fround(Math.sin(1 + i * (j + 1.5) ** 1.1))));
  const labels = rows.map((i) => {
    const scores = [0, 1, 2].map((k) => 2 * x[i]![k]! + noise * Math.sin(7 * i * (k + 2.3) ** 1.3));
    return scores.indexOf(Math.max(...scores));
  });
  return featuresOf(
    x,
    labels.map((label) => oneHot(label, 3)),
  );
}

describe("the penalty is scikit-learn's", () => {
  // LogisticRegression(C=1 / (2 * strength)) of scikit-learn 1.9.1 has its lowest mean loss at this strength with each of four
  // StratifiedKFold(5, shuffle=True).
  test.each([
    [1, 1],
    [2, 3],
  ])('with noise of %d', async (noise, strength) => {
    for (const seed of [1, 2, 3]) expect(await chooseL2(noisy(noise), { ...OPTIONS, seed })).toBeCloseTo(strength / 90, 10);
  });
});

test('labels that the features do not explain get the strongest penalty, with sigmoid as well', async () => {
  const random = createRandom(1);
  const x = Array.from({ length: 60 }, () => Array.from({ length: 30 }, () => random.uniform(-1, 1)));
  const y = x.map((_, i) => oneHot(i % 3, 3));
  for (const activation of ['softmax', 'sigmoid'] as const)
    expect(await chooseL2(featuresOf(x, y), { ...OPTIONS, activation })).toBeGreaterThanOrEqual(30 / 60);
});

test('classes far apart get a weak penalty, with sigmoid as well', async () => {
  const x = Array.from({ length: 60 }, (_, i) => [i % 3 === 0 ? 3 : -3, i % 3 === 1 ? 3 : -3, Math.sin(i)]);
  const y = x.map((_, i) => oneHot(i % 3, 3));
  for (const activation of ['softmax', 'sigmoid'] as const)
    expect(await chooseL2(featuresOf(x, y), { ...OPTIONS, activation })).toBeLessThanOrEqual(0.01 / 60);
});

test('with a single image per class, the penalty is 0.002', async () => {
  const x = [0, 1, 2, 3].map((i) => oneHot(i, 4));
  expect(await chooseL2(featuresOf(x, x), OPTIONS)).toBe(0.002);
});

test('disposes its tensors, also when it is canceled, and reports its progress', async () => {
  const tasks: (number | undefined)[][] = [];
  await expectNoLeak(async () => {
    await chooseL2(noisy(2), { ...OPTIONS, normalize: (x) => tf.mul(x, 2), onProgress: ({ done, total }) => tasks.push([done, total]) });
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(chooseL2(noisy(2), { ...OPTIONS, signal })).rejects.toThrow('stopped');
  });
  expect(tasks[0]).toEqual([1, 50]);
  const [done, total] = tasks.at(-1)!;
  expect(done).toBe(total);
});
