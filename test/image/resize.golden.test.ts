import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resize, type ResizeMethod } from '../../src/image/index.js';

interface Case {
  source: [number, number];
  channels: number;
  image: number[];
  size: [number, number];
  method: ResizeMethod;
  antialias: boolean;
  output: number[];
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/image/resize.json', import.meta.url), 'utf8')) as { cases: Case[] };

test.each(cases)('$method of $source to $size, antialias $antialias, equals tf.image.resize', (c) => {
  const [height, width] = c.source;
  const resized = resize({ height, width, channels: c.channels, data: Uint8Array.from(c.image) }, c.size, {
    method: c.method,
    antialias: c.antialias,
  });
  expect([resized.height, resized.width]).toEqual(c.size);
  expect(resized.data).toBeAllclose(c.output, { tolerance: 0.01 });
});
