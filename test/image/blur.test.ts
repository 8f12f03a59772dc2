import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

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
