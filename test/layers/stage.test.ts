import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { stage } from '../../src/layers/index.js';
import { testBlocks } from '../support/blocks.js';
import { startWasm } from '../support/wasm.js';

const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

testBlocks([
  ['stage', (x: tfl.SymbolicTensor) => stage(x, { name: 'b', repeats: 3, filters: 4, strides: 2, dropRates: [0, 0.1, 0.2] }), [5, 4, 4]],
]);

test("the caller's attention replaces squeeze-and-excitation", () => {
  const x = input(8, 8, 6);
  const seen: object[] = [];
  stage(x, { name: 'own', repeats: 2, filters: 6 }, { attention: (y, spec) => (seen.push(spec), y) });
  expect(seen).toEqual([
    { name: 'owna', reducedFilters: 1, activation: 'swish' },
    { name: 'ownb', reducedFilters: 1, activation: 'swish' },
  ]);
});

test('an attention that no block would call is refused, unless a block of the caller may call it', () => {
  const attention = (y: tfl.SymbolicTensor): tfl.SymbolicTensor => y;
  const spec = { name: 'b', repeats: 2, filters: 6, seRatio: 0 };
  expect(() => stage(input(8, 8, 3), spec, { attention })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: stage: expected a block with squeeze-and-excitation, which \`attention\` replaces, received only blocks with a \`seRatio\` of 0. Set \`seRatio\` in the spec, or leave out \`attention\`.]`,
  );
  const calls: unknown[] = [];
  stage(input(8, 8, 6), spec, { attention, block: (y, _, parts) => (calls.push(parts.attention), y) });
  expect(calls).toEqual([attention, attention]);
});

test('drop rates that do not fit the blocks are refused', () => {
  expect(() => stage(input(8, 8, 3), { name: 'b', repeats: 2, filters: 6, dropRates: [0.1] })).toThrow(
    'stage: expected 2 rates, one per block for `dropRates`, received [0.1].',
  );
});

test.each<[spec: never, parts: never, message: string]>([
  [
    { attention: () => undefined } as never,
    {} as never,
    'stage: expected `attention` in the third argument, received it in the second one.',
  ],
  [
    { name: 'b', repeats: 1, filters: 6 } as never,
    { activation: () => null } as never,
    'stage: expected `activation` to return a symbolic tensor',
  ],
])('parts at the wrong place and parts that return no tensor are refused, %#', (spec, parts, message) => {
  expect(() => stage(input(8, 8, 3), spec, parts)).toThrow(message);
});

test('a stage leaves no tensor where a function of the caller throws', () => {
  const before = tf.memory().numTensors;
  const failure = new Error('mine');
  expect(() =>
    stage(
      input(8, 8, 6),
      { name: 'b', filters: 6, repeats: 2 },
      {
        attention: () => {
          throw failure;
        },
      },
    ),
  ).toThrow(failure);
  expect(tf.memory().numTensors).toBe(before);
});
