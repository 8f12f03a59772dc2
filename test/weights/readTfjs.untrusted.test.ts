// Models that strangers made: what fuzzing found.

import { describe, expect, test } from 'vitest';
import { readTfjs } from '../../src/weights/index.js';

describe('the weights of a TensorFlow.js model', () => {
  const read =
    (...weightSpecs: readonly unknown[]) =>
    (): unknown =>
      readTfjs({ weightSpecs: weightSpecs as never, weightData: new ArrayBuffer(4) });

  test.each([
    ['null', null],
    ['a name that is none', { shape: [1], dtype: 'float32' }],
    ['a type of Object itself', { name: 'a', shape: [1], dtype: 'constructor' }],
    ['an unknown quantization', { name: 'a', shape: [1], dtype: 'float32', quantization: { dtype: 'toString' } }],
    ['a quantization that is null', { name: 'a', shape: [1], dtype: 'float32', quantization: null }],
  ])('with %s are refused', (_, spec) => {
    expect(read(spec)).toThrow(/^readTfjs: expected .* The model is truncated or damaged\.$/);
  });
});
