import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

const everything = image.sequence(
  image.randomResizedCrop(24),
  image.randomFlip(),
  image.randomFlip({ direction: 'vertical' }),
  image.randomAffine({ rotation: 20, shift: 0.1, shear: 10, zoom: 0.2, fillMode: 'reflect' }),
  image.colorJitter({ brightness: 0.3, contrast: 0.3, saturation: [0.6, 1.4], hue: 0.3 }),
  image.pcaLighting(),
  image.randomGrayscale(),
  image.randomBlur(),
  image.randAugment(),
  image.autoAugment(),
  image.trivialAugment(),
  image.randomErasing({ probability: 1, fillMode: 'noise' }),
);

property.prop([fc.integer(), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })], { numRuns: 40 })(
  'any recipe gives images of its size with values in [0, 255], the same for the same seed',
  async (seed, height, width) => {
    const [first, again] = [
      await everything.apply(noise(height, width), createRandom(seed)),
      await everything.apply(noise(height, width), createRandom(seed)),
    ];
    expect([first.height, first.width, first.channels]).toEqual([24, 24, 3]);
    expect(first.data.every((value) => value >= 0 && value <= 255)).toBe(true);
    expect(again.data).toEqual(first.data);
  },
);

test('transforms do not modify their input', async () => {
  const [given, copy] = [noise(20, 20), noise(20, 20)];
  await everything.apply(given, createRandom(1));
  expect(given).toEqual(copy);
});

test('a sequence rejects values that are not transforms', () => {
  expect(() => image.sequence(3 as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: sequence: expected a transform for \`steps\`, received 3.]`,
  );
});
