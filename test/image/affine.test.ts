import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

test('affine moves the content down and right, and scales it up', () => {
  const dot: image.Pixels = { height: 9, width: 9, channels: 1, data: Uint8Array.from({ length: 81 }, (_, i) => (i === 40 ? 200 : 0)) };
  const moved = image.affine(dot, { translation: [2, 1], fillMode: 'constant' }).data;
  expect([...moved.keys()].filter((i) => moved[i] === 200)).toEqual([(4 + 2) * 9 + 4 + 1]);
  const bar: image.Pixels = {
    height: 9,
    width: 9,
    channels: 1,
    data: Uint8Array.from({ length: 81 }, (_, i) => (i % 9 >= 3 && i % 9 <= 5 ? 90 : 0)),
  };
  const wide = image.affine(bar, { scale: [1, 2] }).data.slice(0, 9);
  expect([...wide]).toEqual([0, 45, 90, 90, 90, 90, 90, 45, 0]);
});
