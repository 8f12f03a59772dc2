import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

test('flips are their own inverse', () => {
  const pixels = noise(5, 4);
  expect(image.flipHorizontal(image.flipHorizontal(pixels))).toEqual(pixels);
  expect(image.flipVertical(image.flipVertical(pixels))).toEqual(pixels);
  expect([...image.flipHorizontal(pixels).data.slice(0, 3)]).toEqual([...pixels.data.slice(9, 12)]);
});
