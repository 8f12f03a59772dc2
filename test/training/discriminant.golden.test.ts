// Linear discriminant analysis against scikit-learn, whose numbers test/fixtures/training/discriminant.py wrote.

import { expect, test } from 'vitest';
import { discriminant, type Discriminant, type LabeledFeatures } from '../../src/training/discriminant.js';
import { addSecondMoments } from '../../src/training/secondMoments.js';
import golden from '../fixtures/training/discriminant.json' with { type: 'json' };

const { width, classes, labels, cases, queries, nearestMeans } = golden;
const rows = golden.features.map((row) => Float32Array.from(row));

function featuresOf(some: readonly Float32Array[], own: readonly number[], count = classes): LabeledFeatures {
  const moments = new Float64Array(width * width);
  addSecondMoments(moments, width, some, 1);
  return { width, rows: some, labels: own, classes: count, moments };
}

function logitsOf({ kernel, bias }: Discriminant, query: readonly number[]): number[] {
  return Array.from(bias, (offset, c) => query.reduce((sum, x, k) => sum + x * kernel[k * bias.length + c]!, offset));
}

test.each(cases)(
  'weights and offsets are those of scikit-learn, corrected for class sizes, up to one factor (shrinkage $shrinkage)',
  ({ shrinkage, weights, offsets }) => {
    const { kernel, bias } = discriminant(featuresOf(rows, labels), shrinkage);
    const expected = [...Array.from({ length: width }, (_, k) => weights.map((row) => row[k]!)).flat(), ...offsets];
    const received = [...kernel, ...bias];
    const length = (values: readonly number[]): number => Math.hypot(...values);
    const scale = length(received) / length(expected);
    received.forEach((value, i) => {
      expect(value / scale).toBeCloseTo(expected[i]!, 4);
    });
  },
);

test.each(cases)('left-out images are predicted as by analyses without them (shrinkage $shrinkage)', ({ shrinkage, weights, leftOut }) => {
  const { kernel, leaveOneOut } = discriminant(featuresOf(rows, labels), shrinkage);
  expect(leaveOneOut?.count).toBe(rows.length);
  // The mean variance in the covariance changes a little with every image, which the fast formula leaves out. One image is on the border.
  expect(Math.abs(leaveOneOut!.accuracy - leftOut.accuracy)).toBeLessThan(1.01 / rows.length);
  expect(leaveOneOut!.loss / leftOut.loss).toBeCloseTo(1, 1);
  const scale = kernel[0]! / weights[0]![0]!;
  expect(scale / leftOut.scale).toBeGreaterThan(0.9);
  expect(scale / leftOut.scale).toBeLessThan(1.1);
});

test('with a shrinkage of 1 and classes of one size, the nearest class mean wins, as in NearestCentroid', () => {
  const equal = [0, 1, 2].flatMap((c) => labels.flatMap((label, i) => (label === c ? [i] : [])).slice(0, 5));
  const some = featuresOf(
    equal.map((i) => rows[i]!),
    equal.map((i) => labels[i]!),
  );
  const result = discriminant(some, 1);
  expect(queries.map((query) => logitsOf(result, query)).map((row) => row.indexOf(Math.max(...row)))).toEqual(nearestMeans);
});

test('with one image per class, the nearest image wins, and nothing can be left out', () => {
  const some = [rows[0]!, rows[5]!, rows[16]!];
  const result = discriminant(featuresOf(some, [0, 1, 2]), 0.9);
  expect(result.leaveOneOut).toBeUndefined();
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => Math.hypot(...Array.from(a, (value, k) => value - b[k]!));
  for (const query of queries) {
    const logits = logitsOf(result, query);
    const distances = some.map((row) => distance(row, query));
    expect(logits.indexOf(Math.max(...logits))).toBe(distances.indexOf(Math.min(...distances)));
  }
});

test('equal images in every class give equal logits', () => {
  const result = discriminant(featuresOf([rows[0]!, rows[0]!, rows[0]!, rows[0]!], [0, 0, 1, 1], 2), 0.9);
  expect(logitsOf(result, queries[0]!)).toEqual([0, 0]);
});
