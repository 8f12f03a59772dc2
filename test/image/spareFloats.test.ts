import { beforeEach, expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';
import { floats, giveBack, takeSpare } from '../../src/image/internal.js';

const noise = (width: number, height: number, seed: number): image.Pixels => {
  const random = createRandom(seed);
  return { width, height, channels: 3, data: Uint8Array.from({ length: 3 * width * height }, () => random.integer(256)) };
};

/** Fills spare memory with NaN, which reveals code that expects zeros or does not write every value. */
function spoil(length: number): void {
  for (let i = 0; i < 8; i++) giveBack(new Float32Array(length).fill(NaN));
}

beforeEach(() => {
  for (const length of [12, 16, 3 * 24 * 24]) while (takeSpare(length) !== undefined);
});

test('returned memory is reused once, for an image of the same length', () => {
  const values = new Float32Array(12);
  giveBack(values);
  expect(takeSpare(16)).toBeUndefined();
  expect(floats(12)).toBe(values);
  expect(floats(12)).not.toBe(values);
});

test('8-bit data and views of larger buffers are not reused', () => {
  giveBack(new Uint8Array(12));
  giveBack(new Float32Array(16).subarray(0, 12));
  expect(takeSpare(12)).toBeUndefined();
});

test.each([
  ['resize', image.resizing(24)],
  ['resize antialiased', image.resizing(24, { antialias: true })],
  ['resize bicubic', image.resizing(24, { interpolation: 'bicubic' })],
  ['flip', image.sequence(image.resizing(24), image.randomFlip({ probability: 1 }))],
  ['colors', image.sequence(image.resizing(24), image.colorJitter({ brightness: 0.3, contrast: 0.4, saturation: 0.4, hue: 0.3 }))],
  ['affine', image.sequence(image.resizing(24), image.randomAffine({ rotation: 40, shear: 20, fillMode: 'constant' }))],
  [
    'the rest',
    image.sequence(
      image.randomResizedCrop(24),
      image.pcaLighting(),
      image.randomBlur(),
      image.randomGrayscale(),
      image.randomErasing({ probability: 1 }),
    ),
  ],
] as [string, image.Transform][])('%s overwrites all of the reused memory', async (_, transform) => {
  const before = await transform.apply(noise(40, 30, 1), createRandom(2));
  spoil(3 * 24 * 24);
  expect(await transform.apply(noise(40, 30, 1), createRandom(2))).toEqual(before);
});

test('resizing gray images also overwrites all of the reused memory', () => {
  const grey: image.Pixels = { width: 8, height: 8, channels: 1, data: Uint8Array.from({ length: 64 }, (_, i) => 3 * i) };
  const before = image.resize(grey, 4);
  spoil(16);
  expect(image.resize(grey, 4)).toEqual(before);
});

const RECIPE = [
  image.randomly(0.5, image.resizing(24)),
  image.resizing(24),
  image.randomFlip(),
  image.randomly(0.5, image.colorJitter({ brightness: 0.2, contrast: 0.3 })),
  image.randomAffine({ rotation: 20 }),
  image.randomFlip({ direction: 'vertical' }),
  image.randomErasing({ probability: 0.5 }),
];

test('results of a sequence have their own memory and equal those of single steps', async () => {
  const recipe = image.sequence(...RECIPE.slice(0, 3), image.sequence(...RECIPE.slice(3)));
  const pictures = Array.from({ length: 20 }, (_, i) => noise(20 + i, 24, i));
  const copies = structuredClone(pictures);
  const results: image.Pixels[] = [];
  for (const [i, picture] of pictures.entries()) results.push(await recipe.apply(picture, createRandom(i)));
  for (const [i, picture] of pictures.entries()) {
    const random = createRandom(i);
    let expected = picture;
    for (const step of RECIPE) expected = await step.apply(expected, random);
    expect(results[i]).toEqual(expected);
  }
  expect(pictures).toEqual(copies);
  expect(new Set(results.map(({ data }) => data.buffer)).size).toBe(results.length);
});

test('memory that a custom transform has seen is not reused', async () => {
  const seen: image.Pixels[] = [];
  const keep = image.transformOf('keep', (pixels) => {
    seen.push(pixels);
    return pixels;
  });
  const make = image.transformOf('make', (pixels) => {
    const made = { ...pixels, data: Float32Array.from(pixels.data) };
    seen.push(pixels, made);
    return made;
  });
  const recipe = image.sequence(
    image.resizing(24),
    keep,
    image.randomly(0, image.randomFlip()),
    image.randomAffine({ rotation: 20 }),
    make,
    image.randomly(0, image.randomFlip()),
    image.colorJitter({ contrast: 0.5 }),
    image.randomFlip({ probability: 1 }),
  );
  await recipe.apply(noise(30, 30, 1), createRandom(1));
  const copies = structuredClone(seen);
  for (let i = 0; i < 10; i++) await recipe.apply(noise(30, 30, i), createRandom(i));
  expect(seen.slice(0, 3)).toEqual(copies);
});

test('a sequence alternates between two buffers', async () => {
  const buffers = new Set<ArrayBufferLike>();
  const watched: image.Transform = {
    ...image.randomFlip({ probability: 1 }),
    apply: (pixels) => {
      buffers.add(pixels.data.buffer);
      return image.flipHorizontal(pixels);
    },
  };
  await image.sequence(image.resizing(24), ...Array<image.Transform>(10).fill(watched)).apply(noise(30, 30, 1), createRandom(1));
  expect(buffers.size).toBe(2);
});

test('crops of an image are copies', () => {
  const picture = image.resize(noise(30, 30, 1), 24);
  expect(image.crop(picture, { top: 0, left: 0, height: 24, width: 24 }).data.buffer).not.toBe(picture.data.buffer);
});
