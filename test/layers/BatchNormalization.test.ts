import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchNormalization } from '../../src/layers/index.js';
import { startWasm } from '../support/wasm.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];

beforeAll(startWasm);

describe('batchNormalization', () => {
  const x = (): tf.Tensor =>
    tf.tensor([
      [1, 10],
      [3, 30],
    ]);
  const train = (layer: tfl.layers.Layer): tf.Tensor => layer.apply(x(), { training: true }) as tf.Tensor;
  // Mean 2 and 20, variance 1 and 100, momentum 0.5.
  const built = (options = {}): tfl.layers.Layer => {
    const layer = batchNormalization({ momentum: 0.5, epsilon: 1e-12, ...options });
    layer.apply(x());
    return layer;
  };

  test('normalizes by the batch in training and moves its statistics', async () => {
    const layer = built();
    expect(await values(train(layer))).toBeAllclose([-1, -1, 1, 1], { tolerance: 1e-5 });
    const [, , mean, variance] = layer.getWeights();
    expect(await values(mean!)).toBeAllclose([1, 10]);
    expect(await values(variance!)).toBeAllclose([1, 50.5]);
  });

  test.each([
    [
      'the layer',
      (layer: tfl.layers.Layer) => {
        layer.trainable = false;
      },
    ],
    [
      'only its weights, as a nested model does',
      (layer: tfl.layers.Layer) => {
        for (const weight of layer.weights) weight.trainable = false;
      },
    ],
  ])('frozen by %s, it infers and keeps its statistics', async (_, freeze) => {
    const layer = built();
    freeze(layer);
    expect(await values(train(layer))).toBeAllclose([1, 10, 3, 30], { tolerance: 1e-4 });
    const [, , mean, variance] = layer.getWeights();
    expect(await values(mean!)).toEqual([0, 0]);
    expect(await values(variance!)).toEqual([1, 1]);
  });

  test.each([{ scale: false }, { center: false }, { scale: false, center: false }])('with %o it trains', async (options) => {
    const layer = built(options);
    expect(layer.trainableWeights).toHaveLength(2 - Object.keys(options).length);
    const gradient = tf.grad((t: tf.Tensor) => tf.sum(tf.square(layer.apply(t, { training: true }) as tf.Tensor)))(x());
    expect(await values(gradient)).toBeAllclose([0, 0, 0, 0], { tolerance: 1e-3 });
  });

  test('an unknown option is refused', () => {
    expect(() => batchNormalization({ momentun: 0.9 } as never)).toThrow(
      'batchNormalization: expected one of the options `name`, `momentum`, `epsilon`, `center`, `scale`, `trainable`, received `momentun`.',
    );
  });
});
