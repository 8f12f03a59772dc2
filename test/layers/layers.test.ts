// The layers stock TensorFlow.js gets wrong, and the bricks blocks are made of.

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { activate } from '../../src/layers/activate.js';
import {
  batchNormalization, convNormAct, depthwiseNormAct, dropout, fusedMBConv, head, mbConv, squeezeExcite, stage, stem, stochasticDepth,
} from '../../src/layers/index.js';
import { registerWasmTraining } from '../../src/wasm/index.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const values = async (tensor: tf.Tensor): Promise<number[]> => [...(await tensor.data())];
const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

test('before any backend is ready, building says what to call', () => {
  expect(() => convNormAct(input(8, 8, 3), { name: 'x', filters: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[BackendError: convNormAct: expected a TensorFlow.js backend that is ready, received none. Call \`await selectBackend()\` first, or start one of your own with \`await tf.setBackend(...)\`.]`);
});

describe('on a backend', () => {
  beforeAll(startWasm);

  describe('batchNormalization', () => {
    const x = (): tf.Tensor => tf.tensor([[1, 10], [3, 30]]);
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
      ['the layer', (layer: tfl.layers.Layer) => { layer.trainable = false; }],
      ['only its weights, as a nested model does', (layer: tfl.layers.Layer) => { for (const weight of layer.weights) weight.trainable = false; }],
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
        'batchNormalization: expected one of `name`, `momentum`, `epsilon`, `center`, `scale`, `trainable`, received `momentun`.');
    });
  });

  describe('dropout', () => {
    const mask = (layer: tfl.layers.Layer, shape: number[]): Promise<number[]> => values(layer.apply(tf.ones(shape), { training: true }) as tf.Tensor);

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

  // As Keras 3.15 prints them for [-4, -1, 0, 1, 4, 7].
  test.each([
    ['swish', [-0.07194484, -0.26894143, 0, 0.7310586, 3.928055, 6.9936223]],
    ['relu', [0, 0, 0, 1, 4, 7]],
    ['relu6', [0, 0, 0, 1, 4, 6]],
    ['leakyRelu', [-0.8, -0.2, 0, 1, 4, 7]],
    ['hardSwish', [0, -0.33333334, 0, 0.6666667, 4, 7]],
    ['linear', [-4, -1, 0, 1, 4, 7]],
  ] as const)("%s is Keras'", async (activation, expected) => {
    const x = input(6);
    const model = tfl.model({ inputs: x, outputs: tfl.layers.activation({ activation: 'linear' }).apply(activate(x, activation, 'act')) as tfl.SymbolicTensor });
    expect(await values(model.predict(tf.tensor([[-4, -1, 0, 1, 4, 7]])) as tf.Tensor)).toBeAllclose(expected, { tolerance: 1e-5 });
  });

  describe('bricks', () => {
    test.each([
      ['convNormAct', (x: tfl.SymbolicTensor) => convNormAct(x, { name: 'b', filters: 5, kernelSize: 3, strides: 2 }), [5, 4, 5]],
      ['convNormAct, symmetric', (x: tfl.SymbolicTensor) => convNormAct(x, { name: 'b', filters: 5, kernelSize: 5, strides: 2, padding: 'symmetric' }), [5, 4, 5]],
      ['depthwiseNormAct', (x: tfl.SymbolicTensor) => depthwiseNormAct(x, { name: 'b', kernelSize: 5 }), [9, 8, 6]],
      ['stem', (x: tfl.SymbolicTensor) => stem(x), [5, 4, 32]],
      ['squeezeExcite', (x: tfl.SymbolicTensor) => squeezeExcite(x, { name: 'b', reducedFilters: 2 }), [9, 8, 6]],
      ['mbConv', (x: tfl.SymbolicTensor) => mbConv(x, { name: 'b', filters: 6, dropRate: 0.1 }), [9, 8, 6]],
      ['mbConv with stride', (x: tfl.SymbolicTensor) => mbConv(x, { name: 'b', filters: 6, strides: 2, kernelSize: 7 }), [5, 4, 6]],
      ['fusedMBConv', (x: tfl.SymbolicTensor) => fusedMBConv(x, { name: 'b', filters: 4, expandRatio: 4, seRatio: 0 }), [9, 8, 4]],
      ['fusedMBConv with attention', (x: tfl.SymbolicTensor) => fusedMBConv(x, { name: 'b', filters: 6, expandRatio: 1, seRatio: 0.25 }), [9, 8, 6]],
      ['stage', (x: tfl.SymbolicTensor) => stage(x, { name: 'b', repeats: 3, filters: 4, strides: 2, dropRates: [0, 0.1, 0.2] }), [5, 4, 4]],
    ])('%s: symbolic shape is eager shape, and a gradient reaches every weight', async (_, build, expected) => {
      await registerWasmTraining();
      const x = input(9, 8, 6);
      const y = build(x);
      expect(y.shape).toEqual([null, ...expected]);
      const model = tfl.model({ inputs: x, outputs: y });
      const pictures = tf.randomNormal([2, 9, 8, 6], 0, 1, 'float32', 1);
      expect((model.predict(pictures) as tf.Tensor).shape).toEqual([2, ...expected]);
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const { grads } = tf.variableGrads(() => tf.sum(tf.square(model.apply(pictures) as tf.Tensor)), variables);
      expect(Object.keys(grads)).toHaveLength(variables.length);
      for (const [name, gradient] of Object.entries(grads)) {
        const largest = Math.max(...(await values(tf.abs(gradient))));
        expect(largest, name).toBeGreaterThan(0);
        expect(largest, name).toBeLessThan(Infinity);
      }
      const open = build(input(null, null, 6));
      expect(open.shape).toEqual([null, null, null, expected[2]]);
    });

    test('names are Keras\'', () => {
      const x = input(8, 8, 6);
      const model = tfl.model({ inputs: x, outputs: mbConv(x, { name: 'block2b', filters: 6, dropRate: 0.1 }) });
      expect(model.layers.slice(1).map((layer) => layer.name.replace('block2b_', ''))).toEqual([
        'expand_conv', 'expand_bn', 'expand_activation', 'dwconv', 'bn', 'activation',
        'se_squeeze', 'se_reshape', 'se_reduce', 'se_expand', 'se_excite', 'project_conv', 'project_bn', 'drop', 'add',
      ]);
    });

    test('attention of one\'s own stands in for squeeze-and-excitation', () => {
      const x = input(8, 8, 6);
      const seen: object[] = [];
      stage(x, { name: 'own', repeats: 2, filters: 6 }, { attention: (y, spec) => (seen.push(spec), y) });
      expect(seen).toEqual([
        { name: 'owna', reducedFilters: 1, activation: 'swish' }, { name: 'ownb', reducedFilters: 1, activation: 'swish' },
      ]);
    });

    test('a new classifier of few classes begins unsure: features of size one give logits below two', async () => {
      const x = input(1280);
      const model = tfl.model({ inputs: x, outputs: head(x, { classes: 10, classifierActivation: 'linear' }, { seed: 1 }) });
      const logits = await values(model.predict(tf.randomStandardNormal([16, 1280], 'float32', 1)) as tf.Tensor);
      const deviation = Math.sqrt(logits.reduce((sum, logit) => sum + logit ** 2, 0) / logits.length);
      expect(deviation).toBeGreaterThan(0.5);
      expect(deviation).toBeLessThan(2);
    });

    test('a block is built without leaking', async () => {
      await expectNoLeak(() => {
        const x = input(8, 8, 6);
        tfl.model({ inputs: x, outputs: head(mbConv(x, { name: 'b', filters: 6 }), { classes: 2, hidden: [3], dropoutRate: 0.5 }) }).dispose();
      });
    });

    test.each<[string, (x: tfl.SymbolicTensor, parts: { attention: () => never }) => unknown]>([
      ['mbConv', (x, parts) => mbConv(x, { name: 'b', filters: 6 }, parts)],
      ['stage', (x, parts) => stage(x, { name: 'b', filters: 6, repeats: 2 }, parts)],
    ])('%s leaves no tensor where a function of the caller throws', (_, build) => {
      const before = tf.memory().numTensors;
      const failure = new Error('mine');
      expect(() => build(input(8, 8, 6), { attention: () => { throw failure; } })).toThrow(failure);
      expect(tf.memory().numTensors).toBe(before);
    });

    test.each([
      [() => mbConv(tf.zeros([1, 8, 8, 4]) as never, { name: 'b', filters: 6 }), 'mbConv: expected a symbolic tensor for `x`, received an instance of Tensor.'],
      [() => stage(input(8, 8, 3), { attention: () => undefined } as never), 'stage: expected `attention` in the third argument, received it in the second one.'],
      [() => stage(input(8, 8, 3), { name: 'b', repeats: 1, filters: 6 }, { activation: () => null } as never), 'stage: expected `activation` to return a symbolic tensor'],
      [() => mbConv(input(8), { name: 'b', filters: 6 }), 'mbConv: expected input [batch, height, width, channels] with known channels, received [null, 8].'],
      [() => stage(input(8, 8, 3), { name: 'b', repeats: 2, filters: 6, dropRates: [0.1] }), 'stage: expected 2 rates, one per block for `dropRates`, received [0.1].'],
      [() => head(input(8, 8, 3), { classes: 0 }), 'head: expected a positive integer for `classes`, received 0.'],
      [() => convNormAct(input(8, 8, 3), { name: 'x' } as never), 'convNormAct: expected a positive integer for `filters`, received undefined.'],
      [() => squeezeExcite(input(8, 8, 3), { name: 'x', reducedFilter: 2 } as never), 'squeezeExcite: expected one of `name`, `reducedFilters`, `activation`, received `reducedFilter`.'],
    ])('%s is refused in one sentence', (act, message) => {
      expect(act).toThrow(message);
    });
  });
});
