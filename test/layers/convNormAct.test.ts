import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { convNormAct, depthwiseNormAct, stem } from '../../src/layers/index.js';
import { testBlocks } from '../support/blocks.js';
import { startWasm } from '../support/wasm.js';

const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

testBlocks([
  ['convNormAct', (x: tfl.SymbolicTensor) => convNormAct(x, { name: 'b', filters: 5, kernelSize: 3, strides: 2 }), [5, 4, 5]],
  [
    'convNormAct, symmetric',
    (x: tfl.SymbolicTensor) => convNormAct(x, { name: 'b', filters: 5, kernelSize: 5, strides: 2, padding: 'symmetric' }),
    [5, 4, 5],
  ],
  ['depthwiseNormAct', (x: tfl.SymbolicTensor) => depthwiseNormAct(x, { name: 'b', kernelSize: 5 }), [9, 8, 6]],
  ['stem', (x: tfl.SymbolicTensor) => stem(x), [5, 4, 32]],
]);

test('convNormAct refuses to be built without filters', () => {
  expect(() => convNormAct(input(8, 8, 3), { name: 'x' } as never)).toThrow(
    'convNormAct: expected a positive integer for `filters`, received undefined.',
  );
});
