import { fc, test as property } from '@fast-check/vitest';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/index.js';
import { testTimeViews } from '../../src/image/evaluationCrops.js';
import * as image from '../../src/image/index.js';

const noise = (height: number, width: number, seed = 1): image.Pixels => {
  const random = createRandom(seed);
  return { height, width, channels: 3, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) };
};

const { blur, ...picture } = JSON.parse(readFileSync(new URL('../fixtures/image/augment.json', import.meta.url), 'utf8')) as {
  height: number;
  width: number;
  image: number[];
  blur: { sigma: number; output: number[] }[];
};

test.each(blur)('a Gaussian blur of $sigma equals scipy', ({ sigma, output }) => {
  const pixels = { height: picture.height, width: picture.width, channels: 3, data: Uint8Array.from(picture.image) };
  expect(image.gaussianBlur(pixels, sigma).data).toBeAllclose(output, { tolerance: 0.01 });
});

const everything = image.sequence(
  image.randomResizedCrop(24),
  image.randomFlip(),
  image.randomFlip({ direction: 'vertical' }),
  image.randomAffine({ rotation: 20, shift: 0.1, shear: 10, zoom: 0.2, fill: 'reflect' }),
  image.colorJitter({ brightness: 0.3, contrast: 0.3, saturation: [0.6, 1.4], hue: 0.3 }),
  image.pcaLighting(),
  image.randomGrayscale(),
  image.randomBlur(),
  image.randAugment(),
  image.autoAugment(),
  image.trivialAugment(),
  image.randomErasing({ probability: 1, fill: 'noise' }),
);

property.prop([fc.integer(), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })], { numRuns: 40 })(
  'any recipe gives pictures of its size with values in [0, 255], the same for the same seed',
  async (seed, height, width) => {
    const [first, again] = [await everything.apply(noise(height, width), createRandom(seed)), await everything.apply(noise(height, width), createRandom(seed))];
    expect([first.height, first.width, first.channels]).toEqual([24, 24, 3]);
    expect(first.data.every((value) => value >= 0 && value <= 255)).toBe(true);
    expect(again.data).toEqual(first.data);
  },
);

test('transforms leave the picture they are given alone', async () => {
  const [given, copy] = [noise(20, 20), noise(20, 20)];
  await everything.apply(given, createRandom(1));
  expect(given).toEqual(copy);
});

property.prop([fc.integer()])('every policy operation keeps size and type at every strength it is given', async (seed) => {
  for (const policy of [image.randAugment({ layers: 3, magnitude: 10 }), image.autoAugment(), image.trivialAugment()]) {
    const result = await policy.apply(noise(9, 12), createRandom(seed));
    expect(result).toMatchObject({ height: 9, width: 12, channels: 3 });
  }
});

test('flips are their own inverse', () => {
  const pixels = noise(5, 4);
  expect(image.flipHorizontal(image.flipHorizontal(pixels))).toEqual(pixels);
  expect(image.flipVertical(image.flipVertical(pixels))).toEqual(pixels);
  expect([...image.flipHorizontal(pixels).data.slice(0, 3)]).toEqual([...pixels.data.slice(9, 12)]);
});

test('a random crop takes shares of the area and proportions from its ranges', async () => {
  // A picture whose red is its row and green its column shows where a crop came from.
  const map: image.Pixels = { height: 200, width: 250, channels: 3, data: new Float32Array(200 * 250 * 3) };
  for (let i = 0; i < 200 * 250; i++) {
    map.data[3 * i] = Math.floor(i / 250);
    map.data[3 * i + 1] = i % 250;
  }
  const shares: number[] = [];
  for (let seed = 0; seed < 200; seed++) {
    const { data } = await image.randomResizedCrop(40, { interpolation: 'nearest' }).apply(map, createRandom(seed));
    const [top, left, bottom, right] = [data[0]!, data[1]!, data.at(-3)!, data.at(-2)!];
    const [height, width] = [((bottom - top) * 40) / 39, ((right - left) * 40) / 39];
    expect(width / height).toBeGreaterThan(0.68);
    expect(width / height).toBeLessThan(1.45);
    shares.push((height * width) / 50000);
  }
  expect(Math.min(...shares)).toBeLessThan(0.2);
  expect(Math.max(...shares)).toBeGreaterThan(0.8);
  expect(Math.min(...shares)).toBeGreaterThan(0.06);
});

test('the proportions of a random crop are width to height', async () => {
  const map: image.Pixels = { height: 60, width: 60, channels: 1, data: Float32Array.from({ length: 3600 }, (_, i) => i % 60) };
  const { data } = await image.randomResizedCrop(30, { area: [0.5, 0.5], aspect: [1.9, 1.9], interpolation: 'nearest' }).apply(map, createRandom(1));
  // Half of the picture, 58 wide and 31 high.
  expect(data[29]! - data[0]!).toBeGreaterThan(50);
});

test('lighting moves along the eigenvectors of ImageNet by strength times eigenvalue', () => {
  const grey: image.Pixels = { height: 1, width: 1, channels: 3, data: Uint8Array.of(100, 100, 100) };
  // Written out from the numbers of the AlexNet recipe.
  const moved = { first: [68.52645, 67.78883, 67.633544], second: [103.4478448, 99.978427, 96.6691288], third: [100.4602332, 99.065528, 100.4825044] };
  expect(image.adjustLighting(grey, [1, 0, 0]).data).toBeAllclose(moved.first, { tolerance: 1e-3 });
  expect(image.adjustLighting(grey, [0, 1, 0]).data).toBeAllclose(moved.second, { tolerance: 1e-4 });
  expect(image.adjustLighting(grey, [0, 0, 1]).data).toBeAllclose(moved.third, { tolerance: 1e-4 });
});

test('the color around a turned picture is the 128 of the policies', () => {
  const white: image.Pixels = { height: 20, width: 20, channels: 3, data: new Uint8Array(1200).fill(255) };
  expect([...image.applyPolicyOperation(white, 'Rotate', 45).data.slice(0, 3)]).toEqual([128, 128, 128]);
});

describe('evaluation', () => {
  test('the shorter side gets its length and the proportions stay', () => {
    expect(image.resizeShorterSide(noise(100, 150), 50)).toMatchObject({ height: 50, width: 75 });
  });

  test('the padded crop of a picture of size + padding is its center, unchanged', () => {
    const pixels = noise(256, 256);
    expect(image.paddedCenterCrop(pixels, 224).data).toBeAllclose(image.centerCrop(pixels, 224).data);
  });

  test('the padded crop takes its share of the shorter side, and of an odd margin the larger half at the top and left', () => {
    // As the reference: int(40 / 72 * 55) = 30 pixels, from (55 - 30 + 1) // 2 and (60 - 30 + 1) // 2 on.
    const pixels = noise(55, 60);
    const part = image.crop(pixels, { top: 13, left: 15, height: 30, width: 30 });
    expect(image.paddedCenterCrop(pixels, 40)).toEqual(image.resize(part, 40));
    expect(image.paddedCenterCrop(noise(9, 7), 4, { padding: 3 })).toEqual(image.resize(image.crop(noise(9, 7), { top: 3, left: 2, height: 4, width: 4 }), 4));
  });

  test('cropping or padding to a size keeps the proportions of the content', () => {
    const pixels = noise(20, 40);
    expect(image.resizeTo(pixels, 20, 'crop').data).toBeAllclose(image.centerCrop(pixels, 20).data);
    const padded = image.resizeTo(pixels, 40, 'pad');
    expect(padded.data.slice(10 * 120, 30 * 120)).toBeAllclose(pixels.data);
    expect(padded.data.slice(0, 10 * 120).every((value) => value === 0)).toBe(true);
  });

  test('ten crops are four corners, the center, and their mirror images', () => {
    const pixels = noise(6, 8);
    const views = testTimeViews(pixels, 4, { views: 'ten' });
    expect(views).toHaveLength(10);
    expect(views[3]).toEqual(image.crop(pixels, { top: 2, left: 4, height: 4, width: 4 }));
    expect(views[9]).toEqual(image.flipHorizontal(image.centerCrop(pixels, 4)));
    expect(testTimeViews(pixels, 4)).toEqual([views[4], views[9]]);
  });
});

test('recipes say what they do', () => {
  expect(image.trainAugmentation('imagenet', 224).describe()).toMatchInlineSnapshot(`
    "random crop of 0.08 to 1 of the area, aspect 0.75 to 1.33, resized to 224 x 224 (bilinear)
    horizontal flip, probability 0.5
    affine: rotation up to 7 degrees, fill nearest
    colors: hue by up to 0.3 of the circle, saturation by 0.6 to 1.4, brightness by up to 76.5 of 255
    PCA lighting noise, sigma 0.1"
  `);
  expect(image.evalTransform('imagenet', 300).describe()).toMatchInlineSnapshot(`"resize to cover 343 x 343 (bilinear), then center crop 300 x 300"`);
  expect(image.trainAugmentation('xray', 128).describe()).toMatchInlineSnapshot(`
    "resize to 128 x 128 (bilinear)
    affine: rotation up to 40 degrees, shift up to 0.2 of the height and 0.2 of the width, shear up to 0.2 degrees, zoom by 0.8 to 1.2, fill nearest
    horizontal flip, probability 0.5"
  `);
  expect(image.trainAugmentation().describe()).toMatchInlineSnapshot(`
    "random crop of 0.5 to 1 of the area, aspect 0.75 to 1.33, resized to 224 x 224 (bilinear)
    horizontal flip, probability 0.5
    colors: saturation by 0.8 to 1.2, contrast by 0.8 to 1.2, brightness by up to 25.5 of 255"
  `);
});

test.each(['default', 'imagenet', 'xray', 'resize'] as const)('recipe %s gives images of its size', async (name) => {
  for (const recipe of [image.trainAugmentation(name, 32), image.evalTransform(name, 32)]) {
    expect(await recipe.apply(noise(50, 70), createRandom(3))).toMatchObject({ height: 32, width: 32, channels: 3 });
  }
});

test('what makes no sense is refused', () => {
  expect(() => image.trainAugmentation('cats' as never)).toThrowErrorMatchingInlineSnapshot(`[OptionError: trainAugmentation: expected one of 'default', 'imagenet', 'xray', 'resize' for \`recipe\`, received 'cats'.]`);
  expect(() => image.colorJitter({ hue: 2 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: colorJitter: expected a number in [0, 1] for \`hue\`, received 2.]`);
  expect(() => image.randomResizedCrop(224, { area: [0.5, 0.2] })).toThrowErrorMatchingInlineSnapshot(`[OptionError: randomResizedCrop: expected [low, high] in (0, 1] for \`area\`, received [0.5, 0.2].]`);
  expect(() => image.randomAffine({ rotaton: 3 } as never)).toThrowErrorMatchingInlineSnapshot(`[OptionError: randomAffine: expected one of \`rotation\`, \`shift\`, \`shear\`, \`zoom\`, \`fill\`, \`fillValue\`, received \`rotaton\`.]`);
  expect(() => image.randomAffine({ zoom: 1 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: randomAffine: expected factors above 0, the lower first for \`zoom\`, received 1.]`);
  expect(() => image.randAugment({ magnitude: 11 })).toThrowErrorMatchingInlineSnapshot(`[OptionError: randAugment: expected a number in [0, 10] for \`magnitude\`, received 11.]`);
  expect(() => image.sequence(3 as never)).toThrowErrorMatchingInlineSnapshot(`[OptionError: sequence: expected a transform for \`steps\`, received 3.]`);
});
