// A head on normalized features is converted to one for the features themselves.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import type { Features } from '../../src/training/extractFeatures.js';
import { normalizedFeatures } from '../../src/training/normalizedFeatures.js';
import { startWasm } from '../support/wasm.js';

const featuresOf = (values: readonly number[], width: number): Features => ({
  count: values.length / width,
  width,
  values: Float32Array.from(values),
  take: () => {
    throw new Error('not read');
  },
});

beforeAll(startWasm);

test('features are centered one by one and scaled together', async () => {
  // Means 3 and 10, variances 8 / 3 and 0, so the mean variance is 4 / 3.
  const input = tfl.input({ shape: [2] });
  const norm = normalizedFeatures(featuresOf([1, 10, 3, 10, 5, 10], 2));
  const model = tfl.model({ inputs: input, outputs: norm.apply(input) });
  const y = model.predict(tf.tensor2d([1, 10, 5, 11], [2, 2])) as tf.Tensor;
  const scale = 1 / Math.sqrt(4 / 3);
  expect(await y.data()).toBeAllclose([-2 * scale, 0, 2 * scale, scale]);
});

test('a converted dense layer gives the same outputs', async () => {
  const values = Array.from({ length: 60 }, (_, i) => 3 + Math.cos(i * 1.7));
  const norm = normalizedFeatures(featuresOf(values, 6));
  const input = tfl.input({ shape: [6] });
  const dense = tfl.layers.dense({ units: 4, biasInitializer: 'ones' });
  const model = tfl.model({ inputs: input, outputs: dense.apply(norm.apply(input)) as tfl.SymbolicTensor });
  const x = tf.tensor2d(values, [10, 6]);
  const expected = await (model.predict(x) as tf.Tensor).data();
  const [kernel, bias] = norm.withoutNormalization(...(dense.getWeights() as [tf.Tensor, tf.Tensor]));
  const received = await tf.add(tf.matMul(x, kernel as tf.Tensor2D), bias).data();
  expect(received).toBeAllclose(expected, { tolerance: 1e-5 });
});

test('features that are all equal are centered and not scaled', async () => {
  const input = tfl.input({ shape: [3] });
  const model = tfl.model({ inputs: input, outputs: normalizedFeatures(featuresOf([2, 0, 1, 2, 0, 1], 3)).apply(input) });
  expect(await (model.predict(tf.tensor2d([[2, 1, 1]])) as tf.Tensor).data()).toBeAllclose([0, 1, 0]);
});

test('features whose variance is not finite in float32 are refused', () => {
  expect(() => normalizedFeatures(featuresOf([3e38, 1, -3e38, 2], 2))).toThrowErrorMatchingInlineSnapshot(
    '[DataError: trainHead: expected finite features with a finite variance, received a variance of 4.50e+76. The backbone remains unchanged. Look at the weights of the backbone.]',
  );
});
