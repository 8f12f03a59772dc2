import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/internal.js';
import * as image from '../../src/image/index.js';

test('a random crop has an area and aspect ratio within the given ranges', async () => {
  // An image whose red is its row and green its column shows where a crop came from.
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

test('the aspect ratio of a random crop is width divided by height', async () => {
  const map: image.Pixels = { height: 60, width: 60, channels: 1, data: Float32Array.from({ length: 3600 }, (_, i) => i % 60) };
  const { data } = await image
    .randomResizedCrop(30, { area: [0.5, 0.5], aspectRatio: [1.9, 1.9], interpolation: 'nearest' })
    .apply(map, createRandom(1));
  // Half of the image, 58 wide and 31 high.
  expect(data[29]! - data[0]!).toBeGreaterThan(50);
});

test('the aspect ratio of an erased rectangle is width divided by height', async () => {
  const black: image.Pixels = { height: 60, width: 60, channels: 1, data: new Uint8Array(3600) };
  const erasing = image.randomErasing({ probability: 1, area: [0.2, 0.2], aspectRatio: [1.8, 1.8], fillValue: 255 });
  const { data } = await erasing.apply(black, createRandom(1));
  const erased = [...data.keys()].filter((i) => data[i] === 255).map((i) => [Math.floor(i / 60), i % 60] as const);
  const side = (axis: 0 | 1): number => Math.max(...erased.map((at) => at[axis])) - Math.min(...erased.map((at) => at[axis])) + 1;
  // A fifth of the area: round(sqrt(720 / 1.8)) = 20 high and round(sqrt(720 * 1.8)) = 36 wide.
  expect([side(0), side(1), erased.length]).toEqual([20, 36, 720]);
});

test('a fill color is written to each channel, and rejected for images without three channels', async () => {
  const black: image.Pixels = { height: 8, width: 8, channels: 3, data: new Uint8Array(192) };
  const erase = (options: image.RandomErasingOptions, pixels = black) =>
    image.randomErasing({ probability: 1, area: [1, 1], aspectRatio: [1, 1], ...options }).apply(pixels, createRandom(0));
  expect([...(await erase({ fillValue: [10, 20, 30] })).data.slice(0, 6)]).toEqual([10, 20, 30, 10, 20, 30]);
  expect([...(await erase({ fillValue: 7 })).data.slice(0, 3)]).toEqual([7, 7, 7]);
  expect(() => erase({}, { ...black, channels: 1, data: new Uint8Array(64) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: randomErasing: expected an image of 3 channels for \`fillValue\` [124, 116, 104], received 1. Pass one number as \`fillValue\`.]`,
  );
});

test('random transforms reject invalid options', () => {
  expect(() => image.colorJitter({ hue: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: colorJitter: expected a number in [0, 1] for \`hue\`, received 2.]`,
  );
  expect(() => image.randomResizedCrop(224, { area: [0.5, 0.2] })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randomResizedCrop: expected [low, high] in (0, 1] for \`area\`, received [0.5, 0.2].]`,
  );
  expect(() => image.randomAffine({ rotaton: 3 } as never)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randomAffine: expected one of the options \`rotation\`, \`shift\`, \`shear\`, \`zoom\`, \`fillMode\`, \`fillValue\`, received \`rotaton\`. Did you mean \`rotation\`?]`,
  );
  expect(() => image.randomAffine({ zoom: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: randomAffine: expected factors above 0, the lower first for \`zoom\`, received 1.]`,
  );
});
