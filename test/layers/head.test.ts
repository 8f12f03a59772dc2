import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { head } from '../../src/layers/index.js';
import { startWasm } from '../support/wasm.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];
const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

test('a new classifier of few classes starts without strong opinions: features of size one give logits below two', async () => {
  const x = input(1280);
  const model = tfl.model({ inputs: x, outputs: head(x, { classes: 10, classifierActivation: 'linear' }, { seed: 1 }) });
  const logits = await values(model.predict(tf.randomStandardNormal([16, 1280], 'float32', 1)) as tf.Tensor);
  const deviation = Math.sqrt(logits.reduce((sum, logit) => sum + logit ** 2, 0) / logits.length);
  expect(deviation).toBeGreaterThan(0.5);
  expect(deviation).toBeLessThan(2);
});

test('a head without classes is refused', () => {
  expect(() => head(input(8, 8, 3), { classes: 0 })).toThrow('head: expected a positive integer for `classes`, received 0.');
});
