// Maps of a tiny network against TensorFlow's GradientTape (test/fixtures/evaluation/cams.py).

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
  '$layer, class $target: Grad-CAM and Grad-CAM++ are those of TensorFlow',
  async ({ layer, target, shape, ...maps }) => {
    for (const method of ['gradCam', 'gradCam++'] as const) {
      const heat = await gradCam(model, camImage, { layer, target, method });
      expect([heat.height, heat.width]).toEqual(shape);
      expect(heat.values).toBeAllclose(maps[method], { tolerance: 1e-4 });
      expect([heat.probability]).toBeAllclose([golden.probabilities[target]!], { tolerance: 1e-5 });
    }
  },
);

test('without a layer and a class, the last features and the most probable class are explained', async () => {
  const top = golden.probabilities.indexOf(Math.max(...golden.probabilities));
  const heat = await gradCam(model, camImage);
  expect(heat).toMatchObject({ classIndex: top, className: ['ant', 'bee', 'cat', 'dog', 'eel'][top] });
  expect(heat.values).toEqual((await gradCam(model, camImage, { layer: 'top_activation', target: heat.className })).values);
});

test('explaining keeps no tensor, changes no weight and leaves the model as it was', async () => {
  const before = await Promise.all(model.getWeights().map(async (weight) => weight.data()));
  const input = tf.tensor4d(Float32Array.from(camImage.data), [1, camImage.height, camImage.width, 3]);
  const answer = (): Promise<Float32Array> => {
    const output = model.predict(input) as tf.Tensor;
    return output.data<'float32'>().finally(() => {
      output.dispose();
    });
  };
  const said = await answer();
  const { kept } = await trackMemory(async () => {
    await gradCam(model, camImage, { layer: 'block2a_project_bn', smooth: 2 });
    await gradCam(model, camImage, { method: 'gradCam++' });
    await gradCam(model, camImage, { layer: 'avg_pool' }).catch(() => undefined);
    await classActivationMap(model, camImage);
    await occlusionMap(model, camImage);
    await occlusionMap(model, camImage, { patchSize: 65 }).catch(() => undefined);
  });
  expect(kept.tensors).toBe(0);
  expect(await answer()).toEqual(said);
  expect(await Promise.all(model.getWeights().map(async (weight) => weight.data()))).toEqual(before);
  input.dispose();
});

test('smoothing repeats with its seed and moves the map', async () => {
  const of = async (options: object) => (await gradCam(model, camImage, { layer: 'stem_activation', target: 0, ...options })).values;
  expect(await of({ smooth: 3, seed: 1 })).toEqual(await of({ smooth: 3, seed: 1 }));
  expect(await of({ smooth: 3, seed: 1 })).not.toEqual(await of({ smooth: 3, seed: 2 }));
});

test('one sigmoid output explains both of its classes', async () => {
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
  ['a layer that is not there', () => gradCam(model, camImage, { layer: 'block9z' })],
  ['a layer without a map', () => gradCam(model, camImage, { layer: 'avg_pool' })],
  ['a class beyond the last', () => gradCam(model, camImage, { target: 5 })],
  ['a name the model does not know', () => gradCam(model, camImage, { target: 'zebra' })],
  ['an unknown option', () => gradCam(model, camImage, { layers: 1 } as never)],
  ['a gray image', () => gradCam(model, { width: 2, height: 2, channels: 1, data: new Uint8Array(4) })],
  ['a runtime', () => gradCam({ predict: () => tf.scalar(0) } as never, camImage)],
  ['a patch that is larger than the image', () => occlusionMap(model, camImage, { patchSize: 999 })],
  ['an odd patch without a stride', () => occlusionMap(model, camImage, { patchSize: 15 })],
  ['a patch the stride does not divide', () => occlusionMap(model, camImage, { patchSize: 16, stride: 5 })],
])('%s is refused in one sentence', async (_, act) => {
  await expect(act()).rejects.toThrowErrorMatchingSnapshot();
});

test.each([NaN, Infinity])('a model that answers %d is not explained', async (answer) => {
  const broken = { predict: (x: tf.Tensor4D) => tf.fill([x.shape[0], 3], answer), inputShape: [null, camImage.height, camImage.width, 3] };
  await expect(occlusionMap(broken, camImage, { patchSize: 16, stride: 16, preprocessing: model })).rejects.toThrow(
    `occlusionMap: expected finite outputs of the model, received ${answer}. Its weights are not finite, or too large.`,
  );
});
