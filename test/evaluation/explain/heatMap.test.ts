import { expect, test } from 'vitest';
import { overlayHeat } from '../../../src/evaluation/explain/index.js';
import type { CoveredBox } from '../../../src/image/index.js';

test('an overlay has the size of the image and does not change it where the map is 0', () => {
  const image = { width: 4, height: 2, channels: 3, data: new Uint8Array(24).fill(100) };
  const heat = { width: 2, height: 1, values: Float32Array.of(0, 1), classIndex: 0, className: '', probability: 1 };
  const { width, height, data } = overlayHeat(image, heat, { opacity: 1 });
  expect([width, height, data.length]).toEqual([4, 2, 24]);
  expect([...data.slice(0, 3)]).toEqual([100, 100, 100]);
  expect([...data.slice(9, 12)]).toEqual([252, 255, 164]);
});

test('an overlay covers only the part of the image that the model received', () => {
  const image = { width: 8, height: 4, channels: 1, data: new Uint8Array(32).fill(100) };
  const hot = { width: 1, height: 1, values: Float32Array.of(1), classIndex: 0, className: '', probability: 1 };
  const covered = (box: CoveredBox): string =>
    Array.from({ length: 4 }, (_, y) =>
      Array.from({ length: 8 }, (_, x) => (overlayHeat(image, { ...hot, box }).data[(y * 8 + x) * 3] === 100 ? '.' : '#')).join(''),
    ).join(' ');
  // The square in the middle of a wide image, three quarters of that square, and an image that was padded above and below.
  expect(covered({ top: 0, left: 0.25, height: 1, width: 0.5 })).toBe('..####.. ..####.. ..####.. ..####..');
  expect(covered({ top: 0.25, left: 0.375, height: 0.5, width: 0.25 })).toBe('........ ...##... ...##... ........');
  expect(covered({ top: -0.5, left: 0, height: 2, width: 1 })).toBe('######## ######## ######## ########');
});

test('a map with values that are not finite or with an invalid box is refused', () => {
  const image = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) };
  const heat = { width: 1, height: 1, values: Float32Array.of(NaN), classIndex: 0, className: '', probability: 1 };
  expect(() => overlayHeat(image, heat)).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: overlayHeat: expected a heat map { width, height, values } of finite numbers, such as gradCam() returns for \`heat\`, received { width, height, values, classIndex, className, probability }.]`,
  );
  const values = Float32Array.of(1);
  expect(() => overlayHeat(image, { ...heat, values, box: null as never })).toThrow('overlayHeat: expected a heat map');
  expect(overlayHeat(image, { ...heat, values, box: undefined }).width).toBe(1);
});
