import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resize, type Interpolation } from '../../src/image/index.js';
import { patterned } from '../support/patterned.js';

interface Case {
  source: [number, number];
  channels: number;
  image: number[];
  size: [number, number];
  method: Interpolation;
  antialias: boolean;
  output: number[];
}
const { cases, large } = JSON.parse(readFileSync(new URL('../fixtures/image/resize.json', import.meta.url), 'utf8')) as {
  cases: Case[];
  large: Omit<Case, 'channels' | 'image'>[];
};

test.each(cases)('$method of $source to $size, antialias $antialias, equals tf.image.resize', (c) => {
  const [height, width] = c.source;
  const resized = resize({ height, width, channels: c.channels, data: Uint8Array.from(c.image) }, c.size, {
    interpolation: c.method,
    antialias: c.antialias,
  });
  expect([resized.height, resized.width]).toEqual(c.size);
  expect(resized.data).toBeAllclose(c.output, { tolerance: 0.01 });
});

// The script keeps every 997th value.
test.each(large)(
  '$method of $source to $size, antialias $antialias, equals tf.image.resize within 1e-4 of the range',
  ({ source, size, method, antialias, output }) => {
    const { data } = resize(patterned(...source), size, { interpolation: method, antialias });
    expect(data.filter((_, i) => i % 997 === 0)).toBeAllclose(output, { tolerance: 0.0255 });
  },
);
