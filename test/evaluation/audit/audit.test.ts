// The parts of an audit that need no files: comparing features, predictions of unseen images, and image measures.

import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/internal.js';
import { learningCurveOf } from '../../../src/evaluation/audit/classFindings.js';
import { groupsOf } from '../../../src/evaluation/audit/duplicates.js';
import { hashDistance, measureImage } from '../../../src/evaluation/audit/measureImage.js';
import { compareAll } from '../../../src/evaluation/audit/neighbors.js';
import { outOfFold } from '../../../src/evaluation/audit/outOfFold.js';
import { gaussianBlur, resize, type Pixels } from '../../../src/image/index.js';

const onRow = (): Promise<void> => Promise.resolve();

function noisy(count: number, width: number, seed: number): Float32Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random.normal()));
}

test('finds all pairs that an exhaustive comparison finds, and no others', async () => {
  const rows = noisy(70, 100, 1);
  const random = createRandom(2);
  const copies = rows.slice(0, 30).map((row, i) => row.map((value) => value + random.normal() * (0.02 * i)));
  const { pairs, closeness } = await compareAll([...rows, ...copies], { similarity: 0.8, onRow });
  const all = [...rows, ...copies];
  const mean = all[0]!.map((_, k) => all.reduce((sum, row) => sum + row[k]!, 0) / all.length);
  const centered = all.map((row) => row.map((value, k) => value - mean[k]!));
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  const expected: string[] = [];
  centered.forEach((a, i) => {
    for (let j = i + 1; j < all.length; j++) {
      const b = centered[j]!;
      if (dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) >= 0.8) expected.push(`${i} ${j}`);
    }
  });
  expect(expected.length).toBeGreaterThan(20);
  expect(pairs.map(({ first, second }) => `${first} ${second}`)).toEqual(expected);
  expect(closeness).toHaveLength(100);
});

test('an image that resembles no other has the lowest closeness', async () => {
  const [center, far] = noisy(2, 100, 3) as [Float32Array, Float32Array];
  const rows = noisy(60, 100, 4).map((noise, i) => noise.map((value, k) => 0.7 * value + (i % 2 === 0 ? 1 : -1) * center[k]!));
  const { closeness } = await compareAll([...rows, far], { similarity: 0.99, onRow });
  expect(closeness.indexOf(closeness.reduce((a, b) => Math.min(a, b)))).toBe(60);
});

test('copies of one group do not predict each other', async () => {
  // The labels are random, so only a copy could tell them.
  const rows = noisy(60, 120, 5);
  const random = createRandom(6);
  const labels = rows.map(() => random.integer(2));
  const twice = { rows: [...rows, ...rows], labels: [...labels, ...labels], classes: 2 };
  const accuracy = async (groups: readonly number[]): Promise<number> => {
    const { curve } = await outOfFold({ ...twice, groups }, { folds: 5, seed: 1, onFold: onRow });
    return curve.at(-1)!.correct / 120;
  };
  const separate = await accuracy([...twice.rows.keys()]);
  const grouped = await accuracy([...rows.keys(), ...rows.keys()]);
  expect(grouped).toBeLessThan(0.65);
  expect(separate).toBeGreaterThan(grouped + 0.08);
});

test('accepts classes with fewer images than folds, and rows of probabilities sum to 1', async () => {
  const rows = noisy(12, 6, 7);
  const labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2];
  const { probabilities } = await outOfFold({ rows, labels, classes: 4, groups: [...rows.keys()] }, { folds: 5, seed: 0, onFold: onRow });
  for (let i = 0; i < 12; i++) expect(probabilities.subarray(4 * i, 4 * i + 4).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
});

test('joins chains of copies to one group', () => {
  expect(
    groupsOf(6, [
      { first: 4, second: 5 },
      { first: 0, second: 2 },
      { first: 2, second: 4 },
    ]),
  ).toEqual([0, 1, 0, 3, 0, 0]);
});

test('the learning curve follows a power law and says what twice the images would give', () => {
  const total = 10_000;
  const curve = [100, 200, 400].map((images) => ({ images, correct: Math.round(total * (1 - 2 / Math.sqrt(images))), total }));
  const { points, expected } = learningCurveOf(curve, 10)!;
  expect(points.map(({ imagesPerClass }) => imagesPerClass)).toEqual([10, 20, 40]);
  expect(points[2]).toMatchObject({ accuracy: 0.9, low: 0.894, high: 0.9057 });
  expect(expected?.imagesPerClass).toBe(80);
  expect(expected?.accuracy).toBeCloseTo(1 - 2 / Math.sqrt(800), 3);
  const falling = curve.map((point, i) => ({ ...point, correct: 9000 - i }));
  expect(learningCurveOf(falling, 10)?.expected).toBeUndefined();
});

test('measures light, colors and sharpness, and a hash that survives resizing', () => {
  const random = createRandom(8);
  const checks: Pixels = {
    width: 96,
    height: 96,
    channels: 3,
    data: Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 96, Math.floor(i / 288)];
      return 60 + 80 * ((Math.floor(x / 9) + Math.floor(y / 13)) % 2) + random.integer(20) + (i % 3) * 10;
    }),
  };
  const sharp = measureImage(checks);
  expect(sharp.isGray).toBe(false);
  expect(measureImage(gaussianBlur(checks, 3)).sharpness).toBeLessThan(sharp.sharpness / 3);
  expect(hashDistance(measureImage(resize(checks, 48, { interpolation: 'area' })).hash, sharp.hash)).toBeLessThan(0.15);
  expect(hashDistance(measureImage({ ...checks, data: checks.data.toReversed() }).hash, sharp.hash)).toBeGreaterThan(0.25);
  const flat: Pixels = { width: 20, height: 10, channels: 3, data: new Uint8Array(600).fill(30) };
  expect(measureImage(flat)).toMatchObject({ width: 20, height: 10, isGray: true, highlights: 30, shadows: 30, sharpness: 0 });
  expect(() => measureImage({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) })).not.toThrow();
});
