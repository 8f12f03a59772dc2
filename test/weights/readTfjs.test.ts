// The weights of converted Keras models: one set of names, whatever Keras and whatever file they come from.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { readWeightFile } from '../../src/node/weights/index.js';
import { readTfjs } from '../../src/weights/index.js';
import { tfjsFolder } from '../support/tfjsFixture.js';

// Of the network in every file, in the order of Keras 3's `.h5`.
const NAMES = [
  'bn/gamma',
  'bn/beta',
  'bn/moving_mean',
  'bn/moving_variance',
  'dwconv/depthwise_kernel',
  'normalization/mean',
  'normalization/variance',
  'normalization/count',
  'predictions/kernel',
  'predictions/bias',
  'project_conv/kernel',
  'se_expand/kernel',
  'se_expand/bias',
  'se_reduce/kernel',
  'se_reduce/bias',
  'stem_bn/gamma',
  'stem_bn/beta',
  'stem_bn/moving_mean',
  'stem_bn/moving_variance',
  'stem_conv/kernel',
];

// Weights lie within 4.5 of zero: half of 255 or 65535 steps over that range, or 11 bits. Keras keeps the statistics of pixels in the dtype
// of the arithmetic.
test.each([
  ['keras3-tiny', 0],
  ['tf-keras-saved-model', 0],
  ['weights-only', 0],
  ['sharded', 0],
  ['split-by-layer', 0],
  ['quantized-uint8', 1.8e-2],
  ['quantized-uint16', 7e-5],
  ['quantized-float16', 2e-3],
  ['tf-keras-mixed', 2e-4],
  ['keras3-half', 2e-3],
])('%s has the names and the numbers of the same network', async (name, tolerance) => {
  const arrays = await readWeightFile(tfjsFolder(name));
  const reference = await readWeightFile(tfjsFolder('keras3-tiny'));
  expect([...arrays.keys()].sort()).toEqual([...NAMES].sort());
  for (const [key, array] of reference) {
    expect(arrays.get(key)!.shape, key).toEqual(array.shape);
    expect(arrays.get(key)!.values(), key).toBeAllclose(array.values(), { tolerance });
  }
});

test('weights of nested models are named by their layers, in `.h5` and `.keras`', async () => {
  const nested = [...(await readWeightFile(tfjsFolder('keras3-augmented'))).keys()].sort();
  expect(nested).toEqual([...(await readWeightFile(tfjsFolder('keras3-augmented-h5'))).keys()].sort());
  expect(nested).toEqual([...(await readWeightFile(tfjsFolder('keras2-augmented'))).keys()].sort());
  expect(nested).toContain('dense_1/kernel');
  expect(nested).toContain('dwconv/depthwise_kernel');
});

test('a graph model is named for what it is', async () => {
  const { weightsManifest, modelTopology, format } = JSON.parse(
    await readFile(path.join(tfjsFolder('graph-model'), 'model.json'), 'utf8'),
  ) as tf.io.ModelJSON;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const message =
    /^readTfjs: expected a layers model, received a TensorFlow.js graph model, which has operations instead of layers\. Convert the Keras model again with `tensorflowjs_converter/;
  expect(() => readTfjs({ weightSpecs, modelTopology, format, weightData: new ArrayBuffer(0) })).toThrow(message);
  expect(() => readTfjs({ weightSpecs, modelTopology, weightData: new ArrayBuffer(0) })).toThrow(message);
});

test('names that no layer has stay as they are, and a damaged topology changes nothing', () => {
  const weightSpecs: tf.io.WeightsManifestEntry[] = [
    'optimizer/vars/0',
    'layers/dense/seed_generator/vars/0',
    'layers/dense/vars/7',
    'other/kernel',
  ].map((name) => ({ name, shape: [1], dtype: 'float32' }));
  const topologies = [
    undefined,
    null,
    7,
    'x',
    { model_config: 3 },
    { model_config: { config: { layers: [null, 7, { class_name: 'Dense', config: 'x' }] } } },
  ];
  for (const modelTopology of topologies) {
    const arrays = readTfjs({ weightSpecs, weightData: new ArrayBuffer(16), modelTopology: modelTopology as object });
    expect([...arrays.keys()]).toEqual(weightSpecs.map(({ name }) => name));
  }
});
