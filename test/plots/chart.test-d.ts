import { expectTypeOf, test } from 'vitest';
import type { compile } from 'vega-lite';
import type { ChartSpec } from '../../src/plots.js';

test('Vega-Lite accepts every chart without a cast', () => {
  expectTypeOf<typeof compile>().toBeCallableWith({} as ChartSpec);
});
