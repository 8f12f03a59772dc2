import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { classActivationMap, gradCam } from '../../../src/evaluation/explain/index.js';
import golden from '../../fixtures/evaluation/cams.json' with { type: 'json' };
import { camImage, camModel } from '../../support/camModel.js';

let model: tfl.LayersModel;

beforeAll(async () => {
  model = await camModel();
});

test.each(golden.cam)('class $target: the map is the last feature map, weighted by the classifier', async ({ target, heat }) => {
  expect((await classActivationMap(model, camImage, { target })).values).toBeAllclose(heat, { tolerance: 1e-4 });
});

test('a head of several layers is refused', async () => {
  const features = model.getLayer('avg_pool').output as tfl.SymbolicTensor;
  const hidden = tfl.layers.dense({ units: 4 }).apply(features) as tfl.SymbolicTensor;
  const deep = tfl.model({
    inputs: model.inputs,
    outputs: tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(hidden) as tfl.SymbolicTensor,
  });
  await expect(classActivationMap(deep, camImage, { preprocessing: model })).rejects.toThrow(
    /average pooling and one dense layer after 'top_activation'.*Use gradCam/,
  );
  expect((await gradCam(deep, camImage, { preprocessing: model })).values).toHaveLength(4);
});
