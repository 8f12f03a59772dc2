import { expect, test } from 'vitest';
import { centerCrop, crop, resize, type Pixels } from '../../src/image/index.js';

/** Each value is its row times ten plus its column. */
const grid = (height: number, width: number): Pixels => ({
  height,
  width,
  channels: 1,
  data: Uint8Array.from({ length: height * width }, (_, i) => 10 * Math.floor(i / width) + (i % width)),
});

test('a crop copies the rectangle and keeps the data type', () => {
  const part = crop(grid(4, 5), { top: 1, left: 2, height: 2, width: 3 });
  expect(part).toEqual({ height: 2, width: 3, channels: 1, data: Uint8Array.of(12, 13, 14, 22, 23, 24) });
});

test('a center crop leaves the odd row and column at the bottom and right', () => {
  expect([...centerCrop(grid(5, 4), [2, 3]).data]).toEqual([10, 11, 12, 20, 21, 22]);
});

test('a box outside the image and a value that is not an image are rejected', () => {
  expect(() => centerCrop(grid(3, 3), 4)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: centerCrop: expected an image of at least [4, 4], received [3, 3]. Resize it first.]`,
  );
  expect(() => crop(grid(3, 3), { top: 2, left: 0, height: 2, width: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: crop: expected a rectangle within [3, 3], received rows 2 to 4 and columns 0 to 1.]`,
  );
  expect(() => resize({ ...grid(3, 3), width: 4 }, 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: resize: expected 12 values for an image [3, 4, 1], received 9.]`,
  );
  expect(() => resize(new Uint8Array(3) as never, 2)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected an image { width, height, channels, data }, received an instance of Uint8Array.]`,
  );
  expect(() => resize(grid(3, 3), 2.5)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected a positive integer or [height, width] for \`size\`, received 2.5.]`,
  );
  expect(() => resize(grid(3, 3), 2, { interpolation: 'area', antialias: true })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected false with interpolation 'area' for \`antialias\`, received true. Only bilinear and bicubic support it.]`,
  );
});
