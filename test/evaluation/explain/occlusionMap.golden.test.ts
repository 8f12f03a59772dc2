import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { occlusionMap } from '../../../src/evaluation/explain/index.js';
import golden from '../../fixtures/evaluation/cams.json' with { type: 'json' };
import { camImage, camModel } from '../../support/camModel.js';

let model: tfl.LayersModel;

beforeAll(async () => {
  model = await camModel();
});

test.each(golden.occlusion)('class $target: the decrease equals that of Keras', async ({ target, patch, stride, heat, shape }) => {
  const map = await occlusionMap(model, camImage, { target, patchSize: patch, stride, batchSize: 7 });
  expect([map.height, map.width]).toEqual(shape);
  expect(map.values).toBeAllclose(heat, { tolerance: 1e-3 });
});
