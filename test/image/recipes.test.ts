import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

test('recipes describe their steps', () => {
  expect(image.trainAugmentation('imagenet', 224).describe()).toMatchInlineSnapshot(`
    "random crop of 0.08 to 1 of the area, aspect ratio 0.75 to 1.33, resized to 224 x 224 (bilinear)
    horizontal flip, probability 0.5
    affine: rotation up to 7 degrees, fill nearest
    colors: hue by up to 0.3 of the circle, saturation by 0.6 to 1.4, brightness by up to 76.5 of 255
    PCA lighting noise, sigma 0.1"
  `);
  expect(image.evalTransform('imagenet', 300).describe()).toMatchInlineSnapshot(
    `"resize to cover 343 x 343 (bilinear), then center crop 300 x 300"`,
  );
  expect(image.trainAugmentation('xray', 128).describe()).toMatchInlineSnapshot(`
    "resize to 128 x 128 (bilinear)
    affine: rotation up to 40 degrees, shift up to 0.2 of the height and 0.2 of the width, shear up to 0.2 degrees, zoom by 0.8 to 1.2, fill nearest
    horizontal flip, probability 0.5"
  `);
  expect(image.trainAugmentation().describe()).toMatchInlineSnapshot(`
    "random crop of 0.5 to 1 of the area, aspect ratio 0.75 to 1.33, resized to 224 x 224 (bilinear)
    horizontal flip, probability 0.5
    colors: saturation by 0.8 to 1.2, contrast by 0.8 to 1.2, brightness by up to 25.5 of 255"
  `);
});

test.each(['default', 'imagenet', 'xray', 'resize'] as const)('recipe %s gives images of the requested size', async (name) => {
  for (const recipe of [image.trainAugmentation(name, 32), image.evalTransform(name, 32)]) {
    expect(await recipe.apply(noise(50, 70), createRandom(3))).toMatchObject({ height: 32, width: 32, channels: 3 });
  }
});

test('an unknown recipe is rejected', () => {
  expect(() => image.trainAugmentation('cats' as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: trainAugmentation: expected one of 'default', 'imagenet', 'xray', 'resize' for \`recipe\`, received 'cats'.]`,
  );
});
