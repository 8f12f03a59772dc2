import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { dropout, stochasticDepth } from '../../src/layers/index.js';
import { startWasm } from '../support/wasm.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];

beforeAll(startWasm);

describe('dropout', () => {
  const mask = (layer: tfl.layers.Layer, shape: number[]): Promise<number[]> =>
    values(layer.apply(tf.ones(shape), { training: true }) as tf.Tensor);

  test('a seeded layer drops differently each step, and the same in each run', async () => {
    const run = async (): Promise<number[][]> => {
      const layer = dropout({ rate: 0.5, seed: 1 });
      return [await mask(layer, [1, 64]), await mask(layer, [1, 64])];
    };
    const [first, second] = await run();
    expect(first).not.toEqual(second);
    expect(await run()).toEqual([first, second]);
  });

  test('stochastic depth keeps or drops whole samples, and the mean', async () => {
    const layer = stochasticDepth({ rate: 0.25, seed: 1 });
    const samples = await mask(layer, [4000, 2, 2, 3]);
    const kept = Array.from({ length: 4000 }, (_, i) => samples.slice(i * 12, (i + 1) * 12));
    for (const sample of kept) expect(new Set(sample).size).toBe(1);
    const share = kept.filter(([value]) => value! > 0).length / 4000;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.03);
    expect(Math.max(...samples)).toBeCloseTo(4 / 3, 6);
  });

  test('inference and a rate of 0 change nothing', async () => {
    expect(await values(dropout({ rate: 0.9 }).apply(tf.ones([4])) as tf.Tensor)).toEqual([1, 1, 1, 1]);
    expect(await mask(dropout({ rate: 0 }), [4])).toEqual([1, 1, 1, 1]);
  });

  test('a rate of 1 or more is refused, not clamped', () => {
    expect(() => dropout({ rate: 1.7 })).toThrow('dropout: expected a number in [0, 1) for `rate`, received 1.7.');
  });
});
