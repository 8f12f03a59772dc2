import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { convNormAct } from '../../src/layers/index.js';
import { BatchNormalization } from '../../src/layers/internal.js';
import { isNestedModel, layersOf } from '../../src/models/internal.js';
import { loadModel, saveModel } from '../../src/models/index.js';

beforeAll(() => tf.setBackend('cpu'));

function nested(): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 8, 3], name: 'image' });
  const inner = tfl.model({ inputs: input, outputs: convNormAct(input, { name: 'first', filters: 4 }), name: 'inner' });
  const middle = tfl.sequential({ layers: [inner, tfl.layers.flatten({ name: 'flat' })], name: 'middle' });
  return tfl.sequential({ layers: [middle, tfl.layers.dense({ units: 2, name: 'last' })] });
}

test('the layers of nested models stand in their place, at every depth', () => {
  const model = nested();
  const names = layersOf(model).map(({ name }) => name);
  expect(names).toEqual(['image', 'first_conv', 'first_bn', 'first_activation', 'flat', 'last']);
  expect(model.layers.map(isNestedModel)).toEqual([true, false]);
  model.dispose();
});

test('a model with a nested layer of this library is loaded with layers of this library', async () => {
  const model = nested();
  let saved: tf.io.ModelArtifacts | undefined;
  await saveModel(model, {
    save: (artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    },
  });
  const loaded = await loadModel({ load: () => Promise.resolve(saved!) });
  expect(layersOf(loaded)[2]).toBeInstanceOf(BatchNormalization);
});
