// Every recorded activation of Keras' own networks, from the same weights and the same input.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { efficientNet } from '../../src/models/index.js';
import { planModel, type Variant } from '../../src/scaling/index.js';
import { inputPixels } from '../support/fill.js';
import { fillModel } from '../support/fillModel.js';
import { startWasm } from '../support/wasm.js';

interface Golden {
  readonly gain: number;
  readonly input: { readonly seed: string; readonly shape: [number, number, number, number]; readonly scale: number };
  readonly layers: readonly { readonly name: string; readonly weights: readonly (readonly [string, readonly number[]])[] }[];
  readonly activations: Readonly<
    Record<
      string,
      {
        readonly shape: number[];
        readonly absMax: number;
        readonly mean: number;
        readonly at: readonly number[];
        readonly values: readonly number[];
      }
    >
  >;
  readonly dropRates: Readonly<Record<string, number>>;
  readonly logits: readonly number[];
}

const read = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../fixtures/golden/keras/EfficientNet${name}.json`, import.meta.url), 'utf8')) as Golden;

beforeAll(startWasm);

describe.each<[string, Variant]>([
  ['B0', 'b0'],
  ['B1', 'b1'],
  ['B2', 'b2'],
  ['B3', 'b3'],
  ['V2B0', 'v2-b0'],
  ['V2S', 'v2-s'],
])('Keras %s', (name, variant) => {
  const golden = read(name);
  let model: tfl.LayersModel;
  beforeAll(() => {
    model = efficientNet(variant);
    fillModel(model, golden.gain);
  });

  test('layers have the names, order and weights of Keras', () => {
    const keras = golden.layers.filter(({ name }) => !/^(re|)scaling|^normalization|_pad$/.test(name));
    const ours = model.layers.filter(({ name }) => name !== 'rescaling');
    expect(ours.map((layer) => layer.name)).toEqual(keras.map((layer) => layer.name));
    expect(ours.map((layer) => layer.weights.map((weight) => [weight.originalName.split('/')[1], weight.shape]))).toEqual(
      keras.map((layer) => layer.weights),
    );
  });

  test('the plan lists exactly the weights of the model, in their order', () => {
    const planned = planModel(variant).layers.flatMap((layer) => layer.weights);
    const trainableFirst = [...planned.filter((weight) => weight.trainable), ...planned.filter((weight) => !weight.trainable)];
    expect(model.weights.map((weight) => [weight.originalName, weight.shape])).toEqual(
      trainableFirst.map(({ name, shape }) => [name, shape]),
    );
  });

  test('drop rates are those of Keras', () => {
    const rates = model.layers.flatMap((layer) =>
      layer.getClassName() === 'Dropout' ? [[layer.name, layer.getConfig()['rate'] as number] as const] : [],
    );
    expect(rates.map(([layer]) => layer)).toEqual(Object.keys(golden.dropRates));
    expect(rates.map(([, rate]) => rate)).toBeAllclose(Object.values(golden.dropRates), { tolerance: 1e-12 });
  });

  test('every recorded activation agrees within 1e-4 of its layer, and the logits of their range', async () => {
    const names = Object.keys(golden.activations);
    const probe = tfl.model({ inputs: model.inputs, outputs: names.map((layer) => model.getLayer(layer).output as tfl.SymbolicTensor) });
    const pixels = tf.tensor4d(inputPixels(golden.input), golden.input.shape);
    const outputs = probe.predict(pixels) as tf.Tensor[];
    for (const [i, layer] of names.entries()) {
      const expected = golden.activations[layer]!;
      const values = (await outputs[i]!.data()) as Float32Array;
      expect(outputs[i]!.shape, layer).toEqual(expected.shape);
      expect(
        expected.at.map((index) => values[index]!),
        layer,
      ).toBeAllclose(expected.values, { tolerance: 1e-4 * expected.absMax });
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean - expected.mean), layer).toBeLessThan(1e-4 * expected.absMax);
    }
    const [kernel, bias] = model.getLayer('predictions').getWeights() as [tf.Tensor2D, tf.Tensor1D];
    const logits = tf.tidy(() => tf.add(tf.matMul(outputs[names.indexOf('avg_pool')] as tf.Tensor2D, kernel), bias));
    const range = Math.max(...golden.logits) - Math.min(...golden.logits);
    expect(await logits.data()).toBeAllclose(golden.logits, { tolerance: 1e-4 * range });
    tf.dispose([pixels, logits, ...outputs]);
  });
});
