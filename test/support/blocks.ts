// The contract of every function that adds layers to a network.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { registerWasmTraining } from '../../src/wasm/index.js';

type Build = (x: tfl.SymbolicTensor) => tfl.SymbolicTensor;

const largestOf = async (tensor: tf.Tensor): Promise<number> => Math.max(...(await tf.abs(tensor).data()));

/** Tests functions that build on an input [batch, 9, 8, 6]. `expected` is the output shape without the batch. */
export function testBlocks(blocks: readonly (readonly [name: string, build: Build, expected: readonly number[]])[]): void {
  test.each(blocks)('%s: symbolic shape is eager shape, and a gradient reaches every weight', async (_, build, expected) => {
    await registerWasmTraining();
    const x = tfl.input({ shape: [9, 8, 6] });
    const y = build(x);
    expect(y.shape).toEqual([null, ...expected]);
    const model = tfl.model({ inputs: x, outputs: y });
    const images = tf.randomNormal([2, 9, 8, 6], 0, 1, 'float32', 1);
    expect((model.predict(images) as tf.Tensor).shape).toEqual([2, ...expected]);
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(model.apply(images) as tf.Tensor)), variables);
    expect(Object.keys(grads)).toHaveLength(variables.length);
    for (const [name, gradient] of Object.entries(grads)) {
      const largest = await largestOf(gradient);
      expect(largest, name).toBeGreaterThan(0);
      expect(largest, name).toBeLessThan(Infinity);
    }
    const open = build(tfl.input({ shape: [null, null, 6] }));
    expect(open.shape).toEqual([null, null, null, expected[2]]);
  });
}
