import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { squeezeExcite } from '../../src/layers/index.js';
import { testBlocks } from '../support/blocks.js';
import { startWasm } from '../support/wasm.js';

const input = (...shape: (number | null)[]): tfl.SymbolicTensor => tfl.input({ shape });

beforeAll(startWasm);

testBlocks([['squeezeExcite', (x: tfl.SymbolicTensor) => squeezeExcite(x, { name: 'b', reducedFilters: 2 }), [9, 8, 6]]]);

test('an unknown option is refused', () => {
  expect(() => squeezeExcite(input(8, 8, 3), { name: 'x', reducedFilter: 2 } as never)).toThrow(
    'squeezeExcite: expected one of the options `name`, `reducedFilters`, `activation`, received `reducedFilter`.',
  );
});
