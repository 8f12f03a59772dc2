// Real ImageNet weights: EfficientNet-Lite0 knows the panda, whatever names and files its weights went through.

import type { io } from '@tensorflow/tfjs-core';
import { io as tfio } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { classify } from '../../src/evaluation/predict/index.js';
import { readKeras, writeKeras, writeKerasWeights } from '../../src/hdf5/index.js';
import type { Pixels } from '../../src/image/index.js';
import { efficientNet } from '../../src/models/index.js';
import { decodeImage } from '../../src/node/images/index.js';
import { loadWeights } from '../../src/node/weights/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { LAYOUTS, readSafetensors, readTfjs, weightsOf, writeSafetensors, type NamedArrays } from '../../src/weights/index.js';

const data = new URL('../../examples/data/', import.meta.url);
let lite0: LayersModel;
let panda: Pixels;
let probability: number;

const answer = async (model: LayersModel): Promise<{ index: number; probability: number }> => {
  const [best] = await classify(model, panda, { topK: 1 });
  return best!;
};

beforeAll(async () => {
  await selectBackend(['wasm']);
  lite0 = efficientNet('lite0');
  await loadWeights(lite0, new URL('weights/efficientnet-lite0.safetensors', data).pathname);
  panda = await decodeImage(new URL('photos/panda.jpg', data));
  ({ probability } = await answer(lite0));
});

test('predicts the panda as class 388 with more than 0.9', async () => {
  expect(await answer(lite0)).toMatchObject({ index: 388 });
  expect(probability).toBeGreaterThan(0.9);
});

async function tfjsArtifacts(model: LayersModel): Promise<io.ModelArtifacts> {
  let saved: io.ModelArtifacts | undefined;
  await model.save(
    tfio.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  return saved!;
}

const routes: [string, () => Promise<NamedArrays>][] = [
  // transformers has no Lite.
  ...LAYOUTS.filter((layout) => layout !== 'transformers').map((layout): [string, () => Promise<NamedArrays>] => [
    `safetensors in the names of ${layout}`,
    async () => readSafetensors(writeSafetensors(await weightsOf(lite0, { layout }))),
  ]),
  ['.keras', async () => readKeras(await writeKeras(lite0))],
  ['.weights.h5', async () => readKeras(await writeKerasWeights(lite0))],
  ['a TensorFlow.js model', async () => readTfjs(await tfjsArtifacts(lite0))],
];

test.each(routes)('gives identical predictions after %s', async (_, route) => {
  const model = efficientNet('lite0', { seed: 1 });
  await loadWeights(model, await route());
  expect(await answer(model)).toMatchObject({ index: 388, probability });
  model.dispose();
});

test('gives nearly the same predictions after rounding to float16 again', async () => {
  const model = efficientNet('lite0', { seed: 1 });
  await loadWeights(model, writeSafetensors(await weightsOf(lite0), { dtype: 'float16' }));
  // The kernels were float16 when they came.
  expect((await answer(model)).probability).toBeCloseTo(probability, 6);
  model.dispose();
});
