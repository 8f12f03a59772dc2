// Files of real versions of Keras, from tf.keras 2.12 to Keras 3.15, and what each version predicts: test/oracles/keras_files.py.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { gunzipSync } from 'fflate';
import type { Group } from 'h5wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHdf5 } from '../../src/hdf5/hdf5File.js';
import { readKeras, readKerasShards } from '../../src/hdf5/index.js';
import { efficientNet } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { VARIANTS, type Variant } from '../../src/scaling/index.js';
import { loadWeights, type NamedArrays } from '../../src/weights/index.js';

interface Expected {
  readonly network: Variant;
  readonly top?: boolean;
  readonly classifier?: string;
  readonly impossible?: boolean;
  readonly predictions: readonly number[];
}

const folder = new URL('../fixtures/keras/versions/', import.meta.url);
const unpacked = (name: string): Uint8Array => gunzipSync(readFileSync(new URL(`${name}.gz`, folder)));
const { files } = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as { files: Readonly<Record<string, Expected>> };
const version = (name: string): string => name.replace(/^((?:tf_)?keras-[\d.]+)-.*$/, '$1-');
const read = (name: string): Promise<NamedArrays> =>
  name.endsWith('.json')
    ? readKerasShards(new TextDecoder().decode(unpacked(name)), (shard) => Promise.resolve(unpacked(version(name) + shard)))
    : readKeras(unpacked(name));

const SIZE = 32;
const models = new Map<string, LayersModel>();
function modelFor({ network, top = true }: Expected): LayersModel {
  const key = `${network} ${top}`;
  const spec = { ...VARIANTS[network], widthCoefficient: 0.1, depthCoefficient: 0.2, inputSize: SIZE };
  // The second generation stores its normalization as constants.
  const normalization =
    network === 'b0' ? { normalization: { mean: [0.4375, 0.5, 0.375], std: [0.0625, 0.078125, 0.09375].map(Math.sqrt) } } : {};
  const model = models.get(key) ?? efficientNet(spec, { ...normalization, ...(top ? { classes: 5 } : { includeTop: false }) });
  models.set(key, model);
  return model;
}

/** The largest difference to what Keras predicts, as a share of the largest prediction. */
async function difference(model: LayersModel, predictions: readonly number[]): Promise<number> {
  const pixels = tf.tensor4d(new Float32Array(unpacked('pixels.f32').buffer), [2, SIZE, SIZE, 3]);
  const output = model.predict(pixels) as tf.Tensor;
  const numbers = await output.data();
  tf.dispose([pixels, output]);
  return Math.max(...predictions.map((value, i) => Math.abs(value - (numbers[i] ?? NaN)))) / Math.max(...predictions.map(Math.abs));
}

const refusal = async (name: string, options = {}): Promise<string> => {
  const model = modelFor(files[name] as Expected);
  return loadWeights(model, await read(name), options).then(
    () => 'loaded',
    (error: unknown) => (error as Error).message,
  );
};

beforeAll(() => selectBackend(['wasm']));
afterAll(() => {
  for (const model of models.values()) model.dispose();
});

// In files without names the classifier is known by its class.
const UNNAMED: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'keras-2.12.0-sequential.weights.h5',
    'keras-2.13.1-flat.weights.h5',
    'keras-3.0.5-sequential.weights.h5',
    'tf_keras-2.16.0-head_norm.weights.h5',
    'tf_keras-2.21.0-v2.weights.h5',
  ].map((name) => [name, 'dense']),
);

test.each(Object.entries(files).filter(([, { impossible }]) => impossible !== true))(
  '%s predicts what its version of Keras predicts',
  async (name, expected) => {
    const model = modelFor(expected);
    const arrays = await read(name);
    const classifier = UNNAMED[name] ?? expected.classifier;
    const report = await loadWeights(model, arrays, classifier === undefined ? {} : { classifier });
    expect(report.loaded.length + report.skipped.length).toBe(arrays.size);
    expect(report.layout).toBe(name in UNNAMED || name === 'keras-3.3.3-notop.weights.h5' ? 'kerasOrder' : 'keras');
    expect(await difference(model, expected.predictions)).toBeLessThan(1e-5);
  },
);

test('a model of a class of its own has its layers under the names of its attributes', async () => {
  const arrays = await readKeras(
    await createHdf5((file) => {
      const write = (path: string, shape: number[]): void => {
        const vars = path
          .split('/')
          .reduce((group: Group, name) => (group.keys().includes(name) ? (group.get(name) as Group) : group.create_group(name)), file);
        vars.create_dataset({
          name: vars.keys().length === 0 ? '0' : '1',
          data: new Float32Array(shape.reduce((a, b) => a * b)),
          shape,
          dtype: '<f',
        });
      };
      write('backbone/layers/conv2d/vars', [3, 3, 3, 8]);
      write('head/vars', [128, 5]);
      write('head/vars', [5]);
    }),
  );
  expect([...arrays.keys()]).toEqual(['backbone/conv2d/kernel', 'head/kernel', 'head/bias']);
});

describe('the classifier', () => {
  test('of a Sequential in the .h5 of Keras 3 is found as `dense` and as `dense/dense`', async () => {
    const name = 'keras-3.15.1-auto_named.h5';
    const model = modelFor(files[name] as Expected);
    for (const classifier of ['dense', 'dense/dense']) {
      expect((await loadWeights(model, await read(name), { classifier })).loaded.at(-1)).toEqual({
        weight: 'predictions/bias',
        array: 'dense/bias',
      });
    }
  });

  test('is proposed by the error where it has another name, and the proposal works', async () => {
    for (const [name, wrong] of [
      ['keras-2.15.0-sequential.keras', undefined],
      ['tf_keras-2.21.0-v2.weights.h5', 'logits'],
    ] as const) {
      const message = await refusal(name, wrong === undefined ? {} : { classifier: wrong });
      const classifier = /`classifier: '([^']+)'`/.exec(message)?.[1];
      expect(classifier, message).toBe(UNNAMED[name] ?? 'classifier');
      expect(await refusal(name, { classifier })).toBe('loaded');
    }
  });

  test('is not guessed where the head of the file has several layers', async () => {
    expect(await refusal('keras-3.15.1-two_dense.weights.h5')).toMatchInlineSnapshot(
      `"loadWeights: the file lacks 2 of 140 weights: 'predictions/kernel'; 'predictions/bias'. The file's dense layers are 'dense' (128 features to 8), 'dense_1' (8 features to 5); the model has one of 128 features to 5. Pass \`head: 'skip'\` to keep the model's own classifier."`,
    );
    expect(await refusal('keras-3.15.1-two_dense.weights.h5', { classifier: 'dense_1' })).toContain(
      "'predictions/kernel': model [128, 5], file [8, 5]",
    );
  });
});

test('state of the optimizer, of metrics and the folded BatchNormalization are skipped, each with its reason', async () => {
  const reasons = async (name: string): Promise<string[]> => {
    const { skipped } = await loadWeights(modelFor(files[name] as Expected), await read(name), { classifier: UNNAMED[name] ?? 'pred' });
    return [...new Set(skipped.map(({ reason }) => reason))].sort();
  };
  expect(await reasons('keras-2.12.0-sequential.weights.h5')).toEqual([
    'normalization of pixels, checked',
    'state of a metric',
    'state of the optimizer',
  ]);
  expect(await reasons('keras-3.3.3-head_norm.keras')).toEqual([
    'BatchNormalization before the classifier, folded into it',
    'normalization of pixels, checked',
    'state of the optimizer',
  ]);
});

test.each([
  ['JSON that ends early', '{"weight_map": {', 'readKerasShards: the index is not valid JSON.'],
  [
    'an index without files',
    '{"weight_map": {}}',
    'readKerasShards: expected the index of sharded Keras weights, received JSON without `weight_map`.',
  ],
  [
    'a file outside its folder',
    '{"weight_map": {"/vars": "../x.weights.h5"}}',
    "readKerasShards: expected `.weights.h5` files beside the index, received '../x.weights.h5'.",
  ],
])('%s as the index of sharded weights is refused', async (_, index, message) => {
  await expect(readKerasShards(index, () => Promise.reject(new Error('read')))).rejects.toThrow(message);
});
