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

test('a blur much wider than the image is fast and gives the mean', () => {
  const pixels = { height: 40, width: 30, channels: 3, data: Float32Array.from({ length: 3600 }, (_, i) => (i * 7) % 256) };
  const mean = pixels.data.filter((_, i) => i % 3 === 0).reduce((sum, value) => sum + value, 0) / 1200;
  const began = performance.now();
  for (const sigma of [1e4, 1e12]) expect(image.gaussianBlur(pixels, sigma).data[0]).toBeCloseTo(mean, 2);
  expect(performance.now() - began).toBeLessThan(5000);
});

test('a kernel wider than the mirrored image sums the weights of every repetition', () => {
  const [row, sigma] = [[10, 200, 90], 5];
  const weight = (offset: number): number => Math.exp(-(offset ** 2) / (2 * sigma ** 2));
  let [value, sum] = [0, 0];
  for (let offset = -20; offset <= 20; offset++) {
    const at = ((offset % 6) + 6) % 6;
    value += weight(offset) * row[at < 3 ? at : 5 - at]!;
    sum += weight(offset);
  }
  const blurred = image.gaussianBlur({ height: 1, width: 3, channels: 1, data: Float32Array.from(row) }, sigma);
  expect(blurred.data[0]).toBeCloseTo(value / sum, 3);
});
