import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import {
  autoAugment,
  colorJitter,
  evalTransform,
  oneOfTransforms,
  pcaLighting,
  randAugment,
  randomAffine,
  randomBlur,
  randomErasing,
  randomFlip,
  randomGrayscale,
  randomly,
  randomResizedCrop,
  resizing,
  sequence,
  trainAugmentation,
  transformOf,
  trivialAugment,
  type Transform,
  type TransformSpec,
} from '../../src/image/index.js';
import { transformFrom } from '../../src/image/internal.js';

const random = createRandom(1);
const picture = { width: 40, height: 30, channels: 3, data: Uint8Array.from({ length: 3600 }, () => random.integer(256)) };

const transforms: Transform[] = [
  autoAugment(),
  colorJitter({ hue: 0.2, contrast: [0.5, 2] }),
  evalTransform('imagenet', 24),
  pcaLighting({ sigma: 0.5 }),
  randAugment({ layers: 3, magnitude: 5 }),
  randomAffine({ rotation: 20, fillMode: 'reflect' }),
  randomBlur({ probability: 1 }),
  randomErasing({ probability: 1, fillMode: 'noise' }),
  randomFlip({ direction: 'vertical' }),
  randomGrayscale({ probability: 0.5 }),
  randomResizedCrop([20, 24], { interpolation: 'bicubic' }),
  resizing(16, { antialias: true }),
  trivialAugment(),
  trainAugmentation('xray', 24),
  oneOfTransforms(randomFlip(), sequence(resizing(20), randomly(0.3, pcaLighting()))),
];

test.each(transforms.map((transform) => [transform.describe(), transform] as const))(
  '%s: made again from plain data, it does the same',
  async (description, transform) => {
    const again = transformFrom(JSON.parse(JSON.stringify(transform.spec)) as TransformSpec);
    expect(again.describe()).toBe(description);
    for (const seed of [1, 2, 3])
      expect(await again.apply(picture, createRandom(seed))).toEqual(await transform.apply(picture, createRandom(seed)));
  },
);

test('a function of the caller has no spec, nor has what it is part of', () => {
  const own = transformOf('mine', (pixels) => pixels);
  expect([own, sequence(randomFlip(), own), randomly(0.5, own), oneOfTransforms(own)].map(({ spec }) => spec)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a spec of a name nobody has is refused', () => {
  expect(() => transformFrom(['toString'])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: transformFrom: expected a transform among autoAugment, colorJitter, evalTransform, pcaLighting, randAugment, randomAffine, randomBlur, randomErasing, randomFlip, randomGrayscale, randomResizedCrop, resizing, trainAugmentation, trivialAugment for \`spec\`, received 'toString'.]`,
  );
});
