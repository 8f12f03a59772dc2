// Compares the maps of a tiny network with those computed by TensorFlow's GradientTape (test/fixtures/evaluation/cams.py).

import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { trackMemory } from '../../../src/backends/index.js';
import { classActivationMap, gradCam, occlusionMap } from '../../../src/evaluation/explain/index.js';
import { efficientNet } from '../../../src/models/index.js';
import golden from '../../fixtures/evaluation/cams.json' with { type: 'json' };
import { camImage, camModel, camSpec } from '../../support/camModel.js';
import { fillModel } from '../../support/fillModel.js';

let model: tfl.LayersModel;

beforeAll(async () => {
  model = await camModel();
});

test.each(golden.cams)(
  '$layer, class $target: Grad-CAM and Grad-CAM++ equal those of TensorFlow',
  async ({ layer, target, shape, ...maps }) => {
    for (const method of ['gradCam', 'gradCam++'] as const) {
      const heat = await gradCam(model, camImage, { layer, target, method });
      expect([heat.height, heat.width]).toEqual(shape);
      expect(heat.values).toBeAllclose(maps[method], { tolerance: 1e-4 });
      expect([heat.probability]).toBeAllclose([golden.probabilities[target]!], { tolerance: 1e-5 });
    }
  },
);

test('by default, the last feature map and the most probable class are explained', async () => {
  const top = golden.probabilities.indexOf(Math.max(...golden.probabilities));
  const heat = await gradCam(model, camImage);
  expect(heat).toMatchObject({ classIndex: top, className: ['ant', 'bee', 'cat', 'dog', 'eel'][top] });
  expect(heat.values).toEqual((await gradCam(model, camImage, { layer: 'top_activation', target: heat.className })).values);
});

test('explanations leave no tensors and do not change the model', async () => {
  const before = await Promise.all(model.getWeights().map(async (weight) => weight.data()));
  const input = tf.tensor4d(Float32Array.from(camImage.data), [1, camImage.height, camImage.width, 3]);
  const predict = (): Promise<Float32Array> => {
    const output = model.predict(input) as tf.Tensor;
    return output.data<'float32'>().finally(() => {
      output.dispose();
    });
  };
  const expected = await predict();
  const { kept } = await trackMemory(async () => {
    await gradCam(model, camImage, { layer: 'block2a_project_bn', smooth: 2 });
    await gradCam(model, camImage, { method: 'gradCam++' });
    await gradCam(model, camImage, { layer: 'avg_pool' }).catch(() => undefined);
    await classActivationMap(model, camImage);
    await occlusionMap(model, camImage);
    await occlusionMap(model, camImage, { patchSize: 65 }).catch(() => undefined);
  });
  expect(kept.tensors).toBe(0);
  expect(await predict()).toEqual(expected);
  expect(await Promise.all(model.getWeights().map(async (weight) => weight.data()))).toEqual(before);
  input.dispose();
});

test('smoothing changes the map and depends only on the seed', async () => {
  const of = async (options: object) => (await gradCam(model, camImage, { layer: 'stem_activation', target: 0, ...options })).values;
  expect(await of({ smooth: 3, seed: 1 })).toEqual(await of({ smooth: 3, seed: 1 }));
  expect(await of({ smooth: 3, seed: 1 })).not.toEqual(await of({ smooth: 3, seed: 2 }));
});

test('both classes of a single sigmoid output can be explained', async () => {
  const binary = efficientNet(camSpec, { classes: 1, classifierActivation: 'sigmoid', inputSize: camImage.height });
  fillModel(binary, golden.gain);
  const [no, yes] = [
    await gradCam(binary, camImage, { target: 0, preprocessing: model }),
    await gradCam(binary, camImage, { target: 1, preprocessing: model }),
  ];
  expect(no.probability + yes.probability).toBeCloseTo(1, 6);
  expect(yes.values).toBeAllclose((await classActivationMap(binary, camImage, { target: 1, preprocessing: model })).values, {
    tolerance: 1e-4,
  });
  expect(no.values).not.toEqual(yes.values);
  binary.dispose();
});

test.each<[string, () => Promise<unknown>]>([
  ['an unknown layer', () => gradCam(model, camImage, { layer: 'block9z' })],
  ['a layer without a feature map', () => gradCam(model, camImage, { layer: 'avg_pool' })],
  ['an index that is too large', () => gradCam(model, camImage, { target: 5 })],
  ['an unknown class name', () => gradCam(model, camImage, { target: 'zebra' })],
  ['an unknown option', () => gradCam(model, camImage, { layers: 1 } as never)],
  ['a gray image', () => gradCam(model, { width: 2, height: 2, channels: 1, data: new Uint8Array(4) })],
  ['a runtime', () => gradCam({ predict: () => tf.scalar(0) } as never, camImage)],
  ['a patch larger than the image', () => occlusionMap(model, camImage, { patchSize: 999 })],
  ['an odd patch without a stride', () => occlusionMap(model, camImage, { patchSize: 15 })],
  ['a patch that is not a multiple of the stride', () => occlusionMap(model, camImage, { patchSize: 16, stride: 5 })],
])('%s is refused', async (_, act) => {
  await expect(act()).rejects.toThrowErrorMatchingSnapshot();
});

test.each([NaN, Infinity])('a model whose outputs are %d is refused', async (output) => {
  const broken = { predict: (x: tf.Tensor4D) => tf.fill([x.shape[0], 3], output), inputShape: [null, camImage.height, camImage.width, 3] };
  await expect(occlusionMap(broken, camImage, { patchSize: 16, stride: 16, preprocessing: model })).rejects.toThrow(
    `occlusionMap: expected finite outputs of the model, received ${output}. The weights of the model are too large or not finite.`,
  );
});
