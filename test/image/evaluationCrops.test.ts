import { expect, test } from 'vitest';
import { testTimeViews } from '../../src/image/evaluationCrops.js';
import * as image from '../../src/image/index.js';
import { noise } from '../support/noise.js';

test('the shorter side gets the given length and the aspect ratio is kept', () => {
  expect(image.resizeShorterSide(noise(100, 150), 50)).toMatchObject({ height: 50, width: 75 });
});

test('the padded crop of an image of size + padding is its center, unchanged', () => {
  const pixels = noise(256, 256);
  expect(image.paddedCenterCrop(pixels, 224).data).toBeAllclose(image.centerCrop(pixels, 224).data);
});

test('the padded crop takes its fraction of the shorter side, and an odd margin is larger at the top and left', () => {
  // As the reference: int(40 / 72 * 55) = 30 pixels, from (55 - 30 + 1) // 2 and (60 - 30 + 1) // 2 on.
  const pixels = noise(55, 60);
  const part = image.crop(pixels, { top: 13, left: 15, height: 30, width: 30 });
  expect(image.paddedCenterCrop(pixels, 40)).toEqual(image.resize(part, 40));
  expect(image.paddedCenterCrop(noise(9, 7), 4, { padding: 3 })).toEqual(
    image.resize(image.crop(noise(9, 7), { top: 3, left: 2, height: 4, width: 4 }), 4),
  );
});

test('ten crops are four corners, the center, and their mirror images', () => {
  const pixels = noise(6, 8);
  const views = testTimeViews(pixels, 4, { views: 'ten' });
  expect(views).toHaveLength(10);
  expect(views[3]).toEqual(image.crop(pixels, { top: 2, left: 4, height: 4, width: 4 }));
  expect(views[9]).toEqual(image.flipHorizontal(image.centerCrop(pixels, 4)));
  expect(testTimeViews(pixels, 4)).toEqual([views[4], views[9]]);
});
