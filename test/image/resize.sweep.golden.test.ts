// Pairs of lengths up to 300 against tf.image.resize: test/fixtures/image/sweep.py.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resize, type Pixels, type Interpolation } from '../../src/image/index.js';

const LIMIT = 300;

interface Sweep {
  readonly nearest: readonly string[];
  readonly bilinear: readonly string[];
  readonly others: readonly { length: number; to: number; method: Interpolation; antialias: boolean; output: number[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/image/sweep.json', import.meta.url), 'utf8')) as Sweep;

const column = (data: Pixels['data']): Pixels => ({ height: data.length, width: 1, channels: 1, data });
const line = (length: number): Pixels => column(Uint8Array.from({ length }, (_, i) => 37 * i + 11 * i * i + 101 * (i >> 2)));
const indexes = (length: number): Pixels => column(Float32Array.from({ length }, (_, i) => i));

/** The script's digest of the results for targets 1 to 300. */
function digest(source: Pixels, method: Interpolation, kind: Int32ArrayConstructor | Float32ArrayConstructor): string {
  const hash = createHash('sha256');
  for (let to = 1; to <= LIMIT; to++) hash.update(kind.from(resize(source, [to, 1], { interpolation: method }).data));
  return hash.digest('hex').slice(0, 12);
}

test('nearest picks the pixels of TensorFlow for all 90,000 pairs of lengths up to 300', () => {
  expect(fixture.nearest.map((_, i) => digest(indexes(i + 1), 'nearest', Int32Array))).toEqual(fixture.nearest);
  // Values of TensorFlow where the product is rounded up to a whole number.
  const picked = (from: number, to: number): number[] => [...resize(indexes(from), [to, 1], { interpolation: 'nearest' }).data];
  expect(picked(54, 21).slice(3, 5)).toEqual([9, 11]);
  expect(picked(54, 21).slice(10, 11)).toEqual([27]);
  expect(picked(54, 21).slice(17, 18)).toEqual([45]);
});

// The oracle compares all of them.
test('bilinear equals TensorFlow to the last bit for every third length up to 300 and all targets', () => {
  const thirds = fixture.bilinear.flatMap((expected, i) => (i % 3 === 0 ? [{ length: i + 1, expected }] : []));
  expect(thirds.map(({ length }) => digest(line(length), 'bilinear', Float32Array))).toEqual(thirds.map(({ expected }) => expected));
});

test.each(['bicubic', 'area', 'bilinear'] as const)('%s with every antialias is within 0.001 of a level of TensorFlow', (method) => {
  const cases = fixture.others.filter((c) => c.method === method);
  expect(cases.length).toBeGreaterThanOrEqual(40);
  for (const { length, to, antialias, output } of cases) {
    expect(resize(line(length), [to, 1], { interpolation: method, antialias }).data).toBeAllclose(output, { tolerance: 0.001 });
  }
});
