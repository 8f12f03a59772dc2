import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { activate } from '../../src/layers/activate.js';
import { startWasm } from '../support/wasm.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];
const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

// As Keras 3.15 prints them for [-4, -1, 0, 1, 4, 7].
test.each([
  ['swish', [-0.07194484, -0.26894143, 0, 0.7310586, 3.928055, 6.9936223]],
  ['relu', [0, 0, 0, 1, 4, 7]],
  ['relu6', [0, 0, 0, 1, 4, 6]],
  ['leakyRelu', [-0.8, -0.2, 0, 1, 4, 7]],
  ['hardSwish', [0, -0.33333334, 0, 0.6666667, 4, 7]],
  ['linear', [-4, -1, 0, 1, 4, 7]],
] as const)("%s is Keras'", async (activation, expected) => {
  const x = input(6);
  const model = tfl.model({
    inputs: x,
    outputs: tfl.layers.activation({ activation: 'linear' }).apply(activate(x, activation, 'act')) as tfl.SymbolicTensor,
  });
  expect(await values(model.predict(tf.tensor([[-4, -1, 0, 1, 4, 7]])) as tf.Tensor)).toBeAllclose(expected, { tolerance: 1e-5 });
});
