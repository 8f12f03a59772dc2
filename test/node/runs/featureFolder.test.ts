// Features that are stored on disk: an interrupted run continues, and what changed is computed again.

import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { imageBatches } from '../../../src/data/index.js';
import { imageIndex } from '../../../src/evaluation/predict/index.js';
import { efficientNet } from '../../../src/models/index.js';
import { encodeImage, imageFolder } from '../../../src/node/images/index.js';
import { featureFolder } from '../../../src/node/runs/index.js';
import { VARIANTS } from '../../../src/scaling/index.js';
import { trainHead, type FeatureRuntime, type TrainHeadOptions } from '../../../src/training/index.js';
import { fillModel } from '../../support/fillModel.js';
import { expectNoLeak } from '../../support/leaks.js';
import { startWasm } from '../../support/wasm.js';

const SPEC = { ...VARIANTS.lite0, widthCoefficient: 0.5, depthCoefficient: 0.5, inputSize: 32, stages: VARIANTS.lite0.stages.slice(0, 2) };
const root = mkdtempSync(path.join(tmpdir(), 'features-'));
const photos = path.join(root, 'photos');
const preprocessing = { inputSize: 32, fit: 'stretch' } as const;
const classNames = ['a', 'b'];
let store: string;
let computed = 0;
const counting: FeatureRuntime = (features) =>
  Promise.resolve({
    predict: (images) => {
      computed += images.shape[0];
      return features.predict(images) as tf.Tensor;
    },
    dispose: () => undefined,
  });

beforeAll(async () => {
  await startWasm();
  const random = createRandom(1);
  for (const [label, name] of classNames.entries()) {
    mkdirSync(path.join(photos, name), { recursive: true });
    for (let i = 0; i < 6; i++) {
      const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => random.uniform(0, at % 3 === label ? 255 : 90));
      writeFileSync(
        path.join(photos, name, `${i}.png`),
        await encodeImage({ width: 32, height: 32, channels: 3, data }, { format: 'png' }),
      );
    }
  }
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  computed = 0;
  store = mkdtempSync(path.join(root, 'store-'));
});

/** Creates the network, which trainHead takes over. */
function backbone(seed = 2): LayersModel {
  const model = efficientNet(SPEC, { classes: 7 });
  fillModel(model, seed);
  return model;
}

/** Trains on all photos, and returns the number of images whose features were computed, and the last loss. */
async function train(
  more: Partial<TrainHeadOptions> = {},
  source: object = {},
  network = backbone(),
): Promise<readonly [computed: number, loss: number]> {
  computed = 0;
  const { images } = await imageFolder(photos, { preprocessing, classNames, ...source });
  const batches = imageBatches(images, { batchSize: 4 });
  const options = { classNames, train: batches, epochs: 2, seed: 1, runtime: counting, featureStore: featureFolder(store), ...more };
  const { history, model } = await trainHead(network, options);
  model.dispose();
  return [computed, history.at(-1)?.loss as number];
}
const onlyFile = (): string => path.join(store, readdirSync(store)[0] as string);

test('a second run reads all features from the folder and learns the same, in any order and batch size', async () => {
  const [first, loss] = await train();
  expect(first).toBe(12);
  expect(await train()).toEqual([0, loss]);
  const { images } = await imageFolder(photos, { preprocessing, classNames, seed: 5 });
  expect((await train({ train: imageBatches(images, { batchSize: 5 }) }))[0]).toBe(0);
  expect(await train({ featureStore: undefined })).toEqual([12, loss]);
});

test('an interrupted run continues where it was', async () => {
  const whole = await train({ featureStore: undefined });
  const controller = new AbortController();
  const onProgress = ({ done }: { done: number }): void => {
    if (done === 2) controller.abort();
  };
  await expect(train({ signal: controller.signal, onProgress })).rejects.toThrow();
  expect(computed).toBe(8);
  expect(await train()).toEqual([4, whole[1]]);
});

test('rows that were cut off or damaged are computed again', async () => {
  const [, loss] = await train();
  const bytes = readFileSync(onlyFile());
  const row = bytes.length / 12;
  bytes[Math.floor(2.5 * row)]! ^= 1;
  writeFileSync(onlyFile(), bytes.subarray(0, bytes.length - 3));
  expect(await train()).toEqual([2, loss]);
  expect(await train()).toEqual([0, loss]);
  appendFileSync(path.join(store, readdirSync(store)[0] as string), 'half a row');
  expect(await train()).toEqual([0, loss]);
});

test('a changed image and a changed network are noticed', async () => {
  await train();
  utimesSync(path.join(photos, 'b', '3.png'), new Date(), new Date(2001, 1, 1));
  expect((await train())[0]).toBe(1);
  expect((await train({}, {}, backbone(3)))[0]).toBe(12);
  expect((await train())[0]).toBe(0);
  expect((await train({}, { preprocessing: { inputSize: 32, fit: 'crop' } }))[0]).toBe(12);
});

test('images that are not read by path are recognized by their pixels', async () => {
  const loss = await train({}, { errors: 'skip' });
  expect(loss[0]).toBe(12);
  expect(await train({}, { errors: 'skip' })).toEqual([0, loss[1]]);
});

test('an index reads the features of images that it has seen', async () => {
  const { images } = await imageFolder(photos, { preprocessing, classNames, shuffle: false });
  const rows = async (): Promise<Float32Array> => {
    computed = 0;
    const network = backbone();
    const index = await imageIndex(network, { preprocessing, runtime: counting, featureStore: featureFolder(store) });
    await index.add(images, { classNames });
    const seen = computed;
    const arrays = await index.arrays();
    await index.dispose();
    network.dispose();
    computed = seen;
    return [...arrays.values()].find(({ shape }) => shape.length === 2)!.values();
  };
  const first = await rows();
  expect(computed).toBe(12);
  expect(await rows()).toEqual(first);
  expect(computed).toBe(0);
});

test('nothing leaks, also when a run ends early', async () => {
  await expectNoLeak(async () => {
    const { images } = await imageFolder(photos, { preprocessing, classNames });
    const network = backbone();
    const signal = AbortSignal.abort();
    const options = { classNames, train: imageBatches(images), featureStore: featureFolder(store), signal, epochs: 1 };
    await expect(trainHead(network, options)).rejects.toThrow('aborted');
    network.dispose();
  });
});

test('what cannot be stored is one sentence', async () => {
  const file = path.join(root, 'file');
  writeFileSync(file, '');
  await expect(train({ featureStore: featureFolder(file) })).rejects.toThrow(
    `featureFolder: expected a folder that can be written, received '${file}': there is a file of that name already, or on the way to it.`,
  );
  await expect(train({ cacheFeatures: false })).rejects.toThrow(
    'trainHead: expected nothing with features that are computed in every epoch for `featureStore`',
  );
  expect(() => featureFolder(1 as never)).toThrow('featureFolder: expected');
});
