import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';
import { transformFrom } from '../../src/image/internal.js';

const random = createRandom(1);
const picture = { width: 40, height: 30, channels: 3, data: Uint8Array.from({ length: 3600 }, () => random.integer(256)) };

const transforms: image.Transform[] = [
  image.autoAugment(),
  image.colorJitter({ hue: 0.2, contrast: [0.5, 2] }),
  image.evalTransform('imagenet', 24),
  image.pcaLighting({ sigma: 0.5 }),
  image.randAugment({ layers: 3, magnitude: 5 }),
  image.randomAffine({ rotation: 20, fillMode: 'reflect' }),
  image.randomBlur({ probability: 1 }),
  image.randomErasing({ probability: 1, fillMode: 'noise' }),
  image.randomFlip({ direction: 'vertical' }),
  image.randomGrayscale({ probability: 0.5 }),
  image.randomResizedCrop([20, 24], { interpolation: 'bicubic' }),
  image.resizing(16, { antialias: true }),
  image.trivialAugment(),
  image.trainAugmentation('xray', 24),
  image.oneOfTransforms(image.randomFlip(), image.sequence(image.resizing(20), image.randomly(0.3, image.pcaLighting()))),
];

test.each(transforms.map((transform) => [transform.describe(), transform] as const))(
  '%s: a transform created from its spec gives the same results',
  async (description, transform) => {
    const again = transformFrom(JSON.parse(JSON.stringify(transform.spec)) as image.TransformSpec);
    expect(again.describe()).toBe(description);
    for (const seed of [1, 2, 3])
      expect(await again.apply(picture, createRandom(seed))).toEqual(await transform.apply(picture, createRandom(seed)));
  },
);

test('a custom transform has no spec, and neither has a transform that contains it', () => {
  const own = image.transformOf('mine', (pixels) => pixels);
  expect(
    [own, image.sequence(image.randomFlip(), own), image.randomly(0.5, own), image.oneOfTransforms(own)].map(({ spec }) => spec),
  ).toEqual([undefined, undefined, undefined, undefined]);
});

test('a spec with an unknown name is rejected', () => {
  expect(() => transformFrom(['toString'])).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: transformFrom: expected a transform among autoAugment, colorJitter, evalTransform, pcaLighting, randAugment, randomAffine, randomBlur, randomErasing, randomFlip, randomGrayscale, randomResizedCrop, resizing, trainAugmentation, trivialAugment for \`spec\`, received 'toString'.]`,
  );
});
