import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { cutModel } from '../../src/models/internal.js';
import { efficientNet } from '../../src/models/index.js';
import { fillModel } from '../support/fillModel.js';
import { expectNoLeak } from '../support/leaks.js';
import { pixels, TINY } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(startWasm);

const before = (model: tfl.LayersModel, name: string): ((layer: tfl.layers.Layer) => boolean) => {
  const names = model.layers.map((layer) => layer.name);
  const first = names.indexOf(name);
  return (layer) => names.indexOf(layer.name) < first;
};

test.each([
  ['block5a_expand_conv', 1],
  // The excitation and what it multiplies.
  ['block3a_se_excite', 2],
  // The branch and the residual input.
  ['block3b_add', 2],
  ['predictions', 1],
])('the two parts cut at %s compute what the whole model does', async (name, tensors) => {
  const model = efficientNet({ ...TINY, depthCoefficient: 1 }, { classes: 3 });
  fillModel(model, 1);
  const { below, above } = cutModel(model, before(model, name));
  expect(below?.outputs.length).toBe(tensors);
  const images = pixels();
  const features = [below!.predict(images)].flat();
  const [whole, inference, training] = [model.predict(images) as tf.Tensor, above(features, false), above(features, true)];
  expect(Array.from(await inference.data())).toEqual(Array.from(await whole.data()));
  // Stochastic depth above the cut is active during training.
  const isEqual = Array.from(await training.data()).join() === Array.from(await whole.data()).join();
  expect(isEqual).toBe(name === 'predictions');
  tf.dispose([whole, inference, training]);
  await expectNoLeak(() => {
    above(features, false).dispose();
  });
  tf.dispose([images, features]);
  model.dispose();
});

test('a model without frozen kernels is not cut', async () => {
  const model = efficientNet(TINY, { classes: 3 });
  const { below, above } = cutModel(model, before(model, 'stem_conv'));
  expect(below).toBeUndefined();
  const images = pixels();
  const [whole, ours] = [model.predict(images) as tf.Tensor, above([images], false)];
  expect(Array.from(await ours.data())).toEqual(Array.from(await whole.data()));
  tf.dispose([images, whole, ours]);
  model.dispose();
});

test('a layer above that reads the images keeps the model whole', () => {
  const input = tfl.input({ shape: [8, 8, 3] });
  const convolution = tfl.layers.conv2d({ filters: 3, kernelSize: 1, name: 'frozen' });
  const sum = tfl.layers.add({ name: 'sum' }).apply([convolution.apply(input) as tfl.SymbolicTensor, input]) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: sum });
  expect(cutModel(model, (layer) => layer.name !== 'sum').below).toBeUndefined();
  model.dispose();
});
