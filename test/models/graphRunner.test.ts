// Models run by graphRunner compute what TensorFlow.js computes with the same layers, with and without units.

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { BatchNormalization, SeededDropout } from '../../src/layers/internal.js';
import { cutModel } from '../../src/models/internal.js';
import { efficientNet } from '../../src/models/index.js';
import type { VariantSpec } from '../../src/scaling/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { fillModel } from '../support/fillModel.js';
import { LITE, pixels, TINY, V2 } from '../support/tinyNetworks.js';
import { startWasm } from '../support/wasm.js';

beforeAll(async () => {
  await startWasm();
  await registerWasmTraining();
});

const everywhere = (): boolean => false;

/** Builds a model whose BatchNormalization is frozen. */
function build(spec: VariantSpec): tfl.LayersModel {
  const model = efficientNet(spec, { classes: 3, dropoutRate: 0.2, seed: 1 });
  fillModel(model, 2);
  for (const layer of model.layers) layer.trainable = !(layer instanceof BatchNormalization);
  return model;
}

/** Returns the gradients of the trainable weights, and the kernels that were called. */
async function gradients(
  model: tfl.LayersModel,
  run: (images: tf.Tensor) => tf.Tensor,
): Promise<{ readonly values: Float32Array[]; readonly kernels: readonly string[] }> {
  for (const layer of model.layers) if (layer instanceof SeededDropout) layer.stream = { ...layer.stream, step: 0 };
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const images = pixels(4);
  const before = tf.memory().numTensors;
  let grads: tf.NamedTensorMap = {};
  const { kernels } = await tf.profile(() => {
    grads = tf.tidy(() => tf.variableGrads(() => tf.sum(tf.square(run(images))), variables).grads);
  });
  const values = await Promise.all(variables.map(async ({ name }) => (await grads[name]!.data()) as Float32Array));
  tf.dispose(grads);
  expect(tf.memory().numTensors).toBe(before);
  images.dispose();
  return { values, kernels: kernels.map(({ name }) => name) };
}

test.each([
  ['B0', TINY],
  ['Lite0', LITE],
  ['V2-B0', V2],
])('%s has the same gradients with units', async (_, spec) => {
  const model = build(spec);
  const { above } = cutModel(model, everywhere);
  const ours = await gradients(model, (images) => above([images], true));
  const theirs = await gradients(model, (images) => model.apply(images, { training: true }) as tf.Tensor);
  expect(ours.kernels).toContain('EffnetPointwiseNormAct');
  expect(ours.kernels).not.toContain('EffnetBatchNormGradient');
  expect(theirs.kernels).not.toContain('EffnetPointwiseNormAct');
  for (const [i, expected] of theirs.values.entries()) {
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(ours.values[i]).toBeAllclose(expected, { tolerance: 1e-4 * largest });
  }
  model.dispose();
});

test.each([
  ['B0', TINY],
  ['Lite0', LITE],
  ['V2-B0', V2],
])('%s predicts the same with units, and leaves no tensors behind', async (_, spec) => {
  const model = build(spec);
  const { above } = cutModel(model, everywhere);
  const images = pixels(4);
  const expected = tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor);
  const before = tf.memory().numTensors;
  let predictions = tf.scalar(0) as tf.Tensor;
  predictions.dispose();
  const { kernels } = await tf.profile(() => {
    predictions = above([images], false);
  });
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(kernels.map(({ name }) => name)).toContain('EffnetPointwiseNormAct');
  expect(await predictions.data()).toBeAllclose(await expected.data(), { tolerance: 1e-5 });
  tf.dispose([images, expected, predictions]);
  model.dispose();
});

test('BatchNormalization that trains runs as its own layer', async () => {
  const model = build(TINY);
  const { above } = cutModel(model, everywhere);
  const run = (images: tf.Tensor): tf.Tensor => above([images], true);
  const norms = model.layers.filter((layer) => layer instanceof BatchNormalization);
  const counts = async (): Promise<readonly number[]> => {
    const { kernels } = await gradients(model, run);
    return ['EffnetMoments', 'EffnetBatchNormGradient', 'EffnetNormAct', 'EffnetPointwiseNormAct', 'EffnetDepthwiseNormAct'].map(
      (name) => kernels.filter((kernel) => kernel === name).length,
    );
  };
  const [, , other = 0, pointwise = 0, depthwise = 0] = await counts();
  expect(other + pointwise + depthwise).toBe(norms.length);
  const [first] = norms;
  first!.trainable = true;
  expect(await counts()).toEqual([1, 1, other - 1, pointwise, depthwise]);
  // With `inference`, gamma and beta train, but the statistics are those of the layer.
  first!.inference = true;
  expect(await counts()).toEqual([0, 1, other - 1, pointwise, depthwise]);
  model.dispose();
});

test('convolutions that do not train get no gradient, and pass one on', async () => {
  const model = build(TINY);
  for (const layer of model.layers) if (/^block[2-4]/.test(layer.name)) layer.trainable = false;
  const { above } = cutModel(model, everywhere);
  const ours = await gradients(model, (images) => above([images], true));
  const theirs = await gradients(model, (images) => model.apply(images, { training: true }) as tf.Tensor);
  for (const [i, expected] of theirs.values.entries()) {
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(ours.values[i]).toBeAllclose(expected, { tolerance: 1e-4 * largest });
  }
  model.dispose();
});
