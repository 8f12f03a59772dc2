import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { fusedMBConv, head, mbConv } from '../../src/layers/index.js';
import { testBlocks } from '../support/blocks.js';
import { expectNoLeak } from '../support/leaks.js';
import { startWasm } from '../support/wasm.js';

const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

testBlocks([
  ['mbConv', (x: tfl.SymbolicTensor) => mbConv(x, { name: 'b', filters: 6, dropRate: 0.1 }), [9, 8, 6]],
  ['mbConv with stride', (x: tfl.SymbolicTensor) => mbConv(x, { name: 'b', filters: 6, strides: 2, kernelSize: 7 }), [5, 4, 6]],
  ['fusedMBConv', (x: tfl.SymbolicTensor) => fusedMBConv(x, { name: 'b', filters: 4, expandRatio: 4, seRatio: 0 }), [9, 8, 4]],
  [
    'fusedMBConv with attention',
    (x: tfl.SymbolicTensor) => fusedMBConv(x, { name: 'b', filters: 6, expandRatio: 1, seRatio: 0.25 }),
    [9, 8, 6],
  ],
]);

test("names are Keras'", () => {
  const x = input(8, 8, 6);
  const model = tfl.model({ inputs: x, outputs: mbConv(x, { name: 'block2b', filters: 6, dropRate: 0.1 }) });
  expect(model.layers.slice(1).map((layer) => layer.name.replace('block2b_', ''))).toEqual([
    'expand_conv',
    'expand_bn',
    'expand_activation',
    'dwconv',
    'bn',
    'activation',
    'se_squeeze',
    'se_reshape',
    'se_reduce',
    'se_expand',
    'se_excite',
    'project_conv',
    'project_bn',
    'drop',
    'add',
  ]);
});

test('a block is built without leaking a tensor', async () => {
  await expectNoLeak(() => {
    const x = input(8, 8, 6);
    tfl.model({ inputs: x, outputs: head(mbConv(x, { name: 'b', filters: 6 }), { classes: 2, hidden: [3], dropoutRate: 0.5 }) }).dispose();
  });
});

test('an input that is not a map is refused', () => {
  expect(() => mbConv(input(8), { name: 'b', filters: 6 })).toThrow(
    'mbConv: expected input [batch, height, width, channels] with known channels, received [null, 8].',
  );
});

test('a tensor instead of a symbolic tensor is refused', () => {
  const tensor = tf.zeros([1, 8, 8, 4]);
  expect(() => mbConv(tensor as never, { name: 'b', filters: 6 })).toThrow(
    'mbConv: expected a symbolic tensor for `x`, received an instance of Tensor.',
  );
  tensor.dispose();
});

test('a block leaves no tensor where a function of the caller throws', () => {
  const before = tf.memory().numTensors;
  const failure = new Error('mine');
  expect(() =>
    mbConv(
      input(8, 8, 6),
      { name: 'b', filters: 6 },
      {
        attention: () => {
          throw failure;
        },
      },
    ),
  ).toThrow(failure);
  expect(tf.memory().numTensors).toBe(before);
});
