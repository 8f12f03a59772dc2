// `unknown` beside the best guess of classify and classifyMany.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { classify, classifyMany, type Predictor } from '../../../src/evaluation/predict/index.js';
import type { Pixels } from '../../../src/image/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const image: Pixels = { width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(200) };
const answers = (probabilities: number[], more: Partial<Predictor> = {}): Predictor => ({
  predict: () => tf.tensor2d([probabilities]),
  inputShape: [null, 2, 2, 3],
  classNames: ['cat', 'dog', 'owl'],
  preprocessing: { inputSize: 2, fit: 'stretch' },
  ...more,
});

test.each([
  [0.7, true],
  [0.6, false],
  [0.625, false],
])('with a threshold of %d, 0.625 is unknown: %s', async (unknownThreshold, unknown) => {
  const expected = [
    { index: 1, className: 'dog', probability: 0.625, unknown, unknownThreshold },
    { index: 0, className: 'cat', probability: 0.25 },
  ];
  const given = answers([0.25, 0.625, 0.125]);
  const stored = answers([0.25, 0.625, 0.125], { unknownThreshold });
  expect(await classify(given, image, { topK: 2, unknownThreshold })).toEqual(expected);
  expect(await classify(stored, image, { topK: 2 })).toEqual(expected);
  for await (const each of classifyMany(stored, [image], { topK: 2 })) expect(each).toEqual(expected);
});

test('the option takes precedence over the stored threshold, and without any there is no `unknown`', async () => {
  const [best] = await classify(answers([0.5, 0.25, 0.25], { unknownThreshold: 0.9 }), image, { unknownThreshold: 0.1 });
  expect(best).toMatchObject({ unknown: false, unknownThreshold: 0.1 });
  const [without] = await classify(answers([0.5, 0.25, 0.25]), image);
  expect(Object.keys(without!)).toEqual(['index', 'className', 'probability']);
});

test('of a single output, the larger of both probabilities counts', async () => {
  const binary = answers([0.125], { classNames: ['cat', 'dog'], unknownThreshold: 0.75 });
  expect((await classify(binary, image))[0]).toMatchObject({ className: 'cat', unknown: false });
});
