import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { Progress } from '../../src/core/index.js';
import { trainingProgress } from '../../src/training/index.js';
import { fit } from '../support/tinyFit.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test('trainingProgress reports the loss of every step', async () => {
  const seen: Progress[] = [];
  await fit([trainingProgress((progress) => seen.push(progress))], { epochs: 2, validate: false });
  expect(seen.map(({ task, done, total, unit }) => [task, done, total, unit])).toEqual(
    ['epoch 1/2', 'epoch 2/2'].flatMap((task) => [1, 2, 3, 4, 5, 6].map((done) => [task, done, 6, 'steps'])),
  );
  expect(seen[0]!.figures!['loss']).toBeGreaterThan(0);
});
