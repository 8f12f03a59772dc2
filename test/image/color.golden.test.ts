import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as image from '../../src/image/index.js';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/image/${name}`, import.meta.url), 'utf8'));

interface Picture {
  height: number;
  width: number;
  image: number[];
}
const pixelsOf = ({ height, width, image: values }: Picture): image.Pixels => ({
  height,
  width,
  channels: 3,
  data: Uint8Array.from(values),
});

type Color = 'adjustBrightness' | 'adjustContrast' | 'adjustHue' | 'adjustSaturation';
const fixture = read('augment.json') as Picture & { color: { op: Color | 'toGrayscale'; value: number; output: number[] }[] };
const pixels = pixelsOf(fixture);

test.each(fixture.color)('$op by $value is that of tf.image', ({ op, value, output }) => {
  const result = op === 'toGrayscale' ? image.toGrayscale(pixels) : image[op](pixels, value);
  expect(result.data).toBeAllclose(output, { tolerance: 0.02 });
});
