// Which network a file holds, as an error names it.

import { expect, test } from 'vitest';
import { planModel, VARIANTS, type Variant } from '../../src/scaling/index.js';
import { identifyVariant } from '../../src/weights/identifyVariant.js';
import { layoutEntries } from '../../src/weights/layouts.js';
import type { NamedArrays } from '../../src/weights/index.js';

const fileOf = (variant: Variant): NamedArrays =>
  new Map(
    layoutEntries('timm', planModel(variant, { includeTop: false })).map(({ array, fileShape }) => [
      `model.${array}`,
      { shape: fileShape, dtype: 'float32', values: () => new Float32Array(0) },
    ]),
  );

// The weights of l2-475 have the names and shapes of l2.
test.each((Object.keys(VARIANTS) as Variant[]).filter((variant) => variant !== 'l2-475'))(
  'a file of %s is named so, and not after a network that is a part of it',
  (variant) => {
    expect(identifyVariant(fileOf(variant), 'timm', 'model.')?.variant).toBe(variant);
  },
);

test('a file of another network is named by none', () => {
  expect(identifyVariant(new Map(), 'timm', '')).toBeNull();
});
