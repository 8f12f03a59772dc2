import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

property.prop([fc.integer()])('every policy operation keeps size and type at every strength it is given', async (seed) => {
  for (const policy of [image.randAugment({ layers: 3, magnitude: 10 }), image.autoAugment(), image.trivialAugment()]) {
    const result = await policy.apply(noise(9, 12), createRandom(seed));
    expect(result).toMatchObject({ height: 9, width: 12, channels: 3 });
  }
});

test('a policy rejects an invalid magnitude', () => {
  expect(() => image.randAugment({ magnitude: 11 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randAugment: expected a number in [0, 10] for \`magnitude\`, received 11.]`,
  );
});
