// Pillow's Image.resize: test/fixtures/image/pillow.py.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resize, type Interpolation } from '../../src/image/index.js';
import { patterned } from '../support/patterned.js';

interface Case {
  readonly source: [number, number];
  readonly channels: 1 | 3;
  readonly size: [number, number];
  readonly method: Interpolation;
  readonly digest: string;
  readonly output?: number[];
}
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/image/pillow.json', import.meta.url), 'utf8')) as { cases: Case[] };

test.each(['bilinear', 'bicubic', 'area', 'nearest'] as const)(
  "%s with resampler 'pillow' equals Pillow's resize to the last bit",
  (method) => {
    const own = cases.filter((c) => c.method === method);
    expect(own).toHaveLength(72);
    const resized = own.map(({ source, channels, size }) =>
      resize(patterned(...source, channels), size, { interpolation: method, resampler: 'pillow' }),
    );
    resized.forEach(({ data }, i) => {
      if (own[i]?.output !== undefined) expect([...data]).toEqual(own[i].output);
    });
    expect(resized.map(({ data }) => createHash('sha256').update(data).digest('hex').slice(0, 12))).toEqual(
      own.map(({ digest }) => digest),
    );
  },
);

test('an image that already has the size is copied', () => {
  const image = patterned(4, 5);
  const { data } = resize(image, [4, 5], { resampler: 'pillow' });
  expect(data).toEqual(image.data);
  expect(data.buffer).not.toBe(image.data.buffer);
});

test('options that Pillow does not support are rejected', () => {
  const image = patterned(4, 5);
  expect(() => resize(image, 2, { resampler: 'pillow', antialias: false })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected true with resampler 'pillow' for \`antialias\`, received false. Pillow always antialiases.]`,
  );
  expect(() => resize({ ...image, data: new Float32Array(image.data) }, 2, { resampler: 'pillow' })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected 'tensorflow' for float pixels for \`resampler\`, received 'pillow'. Pillow resizes 8-bit images: resize before anything that makes floats.]`,
  );
  expect(() => resize(image, 2, { resampler: 'opencv' as never })).toThrowErrorMatchingInlineSnapshot(
    `[OptionError: resize: expected one of 'tensorflow', 'pillow' for \`resampler\`, received 'opencv'.]`,
  );
});
