import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { permute } from '../../src/weights/permute.js';

const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const cases = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 })
  .filter((shape) => count(shape) <= 20_000)
  .chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      ),
    ),
  );

property.prop([cases])('moves every number to where TensorFlow.js moves it', async ([shape, axes]) => {
  await tf.setBackend('cpu');
  const values = Float32Array.from({ length: count(shape) }, (_, i) => i);
  const expected = tf.tidy(() => tf.transpose(tf.tensor(values, shape), axes));
  expect(permute(values, shape, axes)).toEqual(await expected.data());
  expected.dispose();
});

test('gives a copy even where nothing moves', () => {
  const values = Float32Array.of(1, 2);
  expect(permute(values, [2], [0])).not.toBe(values);
});
