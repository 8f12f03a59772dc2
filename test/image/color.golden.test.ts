import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';
import { fixturePixels, readImageFixture, type FixtureImage } from '../support/imageFixture.js';

type Color = 'adjustBrightness' | 'adjustContrast' | 'adjustHue' | 'adjustSaturation';
const fixture = readImageFixture('augment.json') as FixtureImage & {
  color: { op: Color | 'toGrayscale'; value: number; output: number[] }[];
};
const pixels = fixturePixels(fixture);

test.each(fixture.color)('$op by $value equals tf.image', ({ op, value, output }) => {
  const result = op === 'toGrayscale' ? image.toGrayscale(pixels) : image[op](pixels, value);
  expect(result.data).toBeAllclose(output, { tolerance: 0.02 });
});
