import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

test('cropping or padding to a size keeps the aspect ratio of the content', () => {
  const pixels = noise(20, 40);
  expect(image.resizeTo(pixels, 20, 'crop').data).toBeAllclose(image.centerCrop(pixels, 20).data);
  const padded = image.resizeTo(pixels, 40, 'pad');
  expect(padded.data.slice(10 * 120, 30 * 120)).toBeAllclose(pixels.data);
  expect(padded.data.slice(0, 10 * 120).every((value) => value === 0)).toBe(true);
});
