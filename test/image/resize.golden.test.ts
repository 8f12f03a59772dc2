import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resize, type Pixels, type ResizeMethod } from '../../src/image/index.js';

interface Case {
  source: [number, number];
  channels: number;
  image: number[];
  size: [number, number];
  method: ResizeMethod;
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
    method: c.method,
    antialias: c.antialias,
  });
  expect([resized.height, resized.width]).toEqual(c.size);
  expect(resized.data).toBeAllclose(c.output, { tolerance: 0.01 });
});

/** The picture that the script makes, too large to keep. */
function patterned(height: number, width: number): Pixels {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      data[i] = x * y + 5 * x;
      data[i + 1] = 3 * y + x * x;
      data[i + 2] = 255 - (data[i] as number);
    }
  }
  return { height, width, channels: 3, data };
}

// The script keeps every 997th value.
test.each(large)('$method of $source to $size, antialias $antialias, equals tf.image.resize within 1e-4 of the range', ({ source, size, method, antialias, output }) => {
  const { data } = resize(patterned(...source), size, { method, antialias });
  expect(data.filter((_, i) => i % 997 === 0)).toBeAllclose(output, { tolerance: 0.0255 });
});
