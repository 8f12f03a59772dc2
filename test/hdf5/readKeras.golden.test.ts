// Files written by Keras 3 and tf_keras of one tiny network, and what it answers: test/fixtures/keras/keras_files.py.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { readKeras } from '../../src/hdf5/index.js';
import { efficientNet, type EfficientNetOptions } from '../../src/models/index.js';
import { selectBackend } from '../../src/node/backends/index.js';
import { VARIANTS } from '../../src/scaling/index.js';
import { loadWeights, type LoadWeightsOptions } from '../../src/weights/index.js';
import { describeReader } from '../contracts/reader.js';
import { fillKeras, inputPixels } from '../support/fill.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../fixtures/keras/${name}`, import.meta.url)));
const expected = JSON.parse(Buffer.from(fixture('expected.json')).toString()) as {
  gain: number;
  input: { seed: string; shape: [number, number, number, number]; scale: number };
  files: Record<string, { output: number[] }>;
};

const V1 = { ...VARIANTS.b0, widthCoefficient: 0.1, depthCoefficient: 0.3, inputSize: 64 };
const V2 = { ...VARIANTS['v2-b0'], widthCoefficient: 0.1, depthCoefficient: 0.25, inputSize: 64 };

beforeAll(() => selectBackend(['wasm']));

test.each<[string, typeof V1 | typeof V2, EfficientNetOptions, LoadWeightsOptions]>([
  ['tiny.keras', V1, { classes: 5 }, {}],
  ['tiny.weights.h5', V1, { classes: 5 }, {}],
  ['tiny_notop.weights.h5', V1, { includeTop: false }, {}],
  ['tiny_compiled.keras', V1, { classes: 5 }, {}],
  ['tiny_nested.keras', V1, { classes: 3, classifierActivation: 'linear' }, { classifier: 'logits' }],
  ['tiny_v2.weights.h5', V2, { classes: 5 }, {}],
  ['tiny_tf2.h5', V1, { classes: 5 }, {}],
  ['tiny_tf2_model.h5', V1, { classes: 5 }, {}],
  ['tiny_tf2_notop.h5', V1, { includeTop: false }, {}],
  ['tiny_tf2_published_quirk.h5', V1, { classes: 5 }, {}],
])('%s gives the outputs of Keras within 1e-4 of their range', async (file, spec, options, loading) => {
  const model = efficientNet(spec, options);
  const arrays = await readKeras(fixture(file));
  const report = await loadWeights(model, arrays, loading);
  expect(report.layout).toBe('keras');
  expect(report.loaded.length + report.skipped.length).toBe(arrays.size);

  const input = tf.tensor4d(inputPixels(expected.input), expected.input.shape);
  const output = model.predict(input) as tf.Tensor;
  const { output: numbers } = expected.files[file]!;
  const range = Math.max(...numbers) - Math.min(...numbers);
  expect((await output.data()).slice(0, numbers.length)).toBeAllclose(numbers, { tolerance: 1e-4 * range });
  tf.dispose([input, output]);
  model.dispose();
});

test('the state of the optimizer is left out on purpose, and said so', async () => {
  const model = efficientNet(V1, { classes: 5 });
  const report = await loadWeights(model, await readKeras(fixture('tiny_compiled.keras')));
  const optimizer = report.skipped.filter(({ array }) => array.startsWith('optimizer/'));
  expect(optimizer.length).toBeGreaterThan(200);
  expect(new Set(optimizer.map(({ reason }) => reason))).toEqual(new Set(['state of the optimizer']));
  model.dispose();
});

describe('the arrays themselves', () => {
  test.each(['tiny.weights.h5', 'tiny_tf2.h5'])('%s contains the values that Keras saved', async (file) => {
    for (const [name, array] of await readKeras(fixture(file))) {
      if (name.startsWith('normalization/')) continue;
      expect([...array.values()], name).toEqual([...fillKeras(name, array.shape, expected.gain)]);
    }
  });
});

for (const file of ['tiny.weights.h5', 'tiny_tf2.h5', 'tiny.keras', 'tiny_nested.keras']) {
  const holds = await readKeras(fixture(file));
  describeReader({
    name: `Keras' ${file}`,
    read: readKeras,
    file: () => fixture(file),
    holds: new Map([...holds].map(([name, array]) => [name, { shape: array.shape, values: array.values() }])),
    damaged: file.endsWith('.keras') ? 8 : 25,
  });
}
