import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { thinLine, type LinePoint } from '../../src/plots/thinLine.js';

const value = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const lines = fc.array(value, { minLength: 1, maxLength: 400 }).map((ys) => ys.map((y, x): LinePoint => ({ x, y })));
const bucketOf = ({ x }: LinePoint, last: number, buckets: number): number =>
  Math.min(buckets - 1, Math.floor((x / Math.max(last, 1)) * buckets));

test.prop([lines, fc.integer({ min: 1, max: 40 })])(
  'the first, lowest, highest and last point of every interval are kept, and no point is added or moved',
  (points, buckets) => {
    const last = points.length - 1;
    const kept = thinLine(points, [0, last], buckets);
    const drawable = (line: readonly LinePoint[], bucket: number): number[] =>
      line.filter((one) => one.y !== null && bucketOf(one, last, buckets) === bucket).map(({ y }) => y!);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const [all, some] = [drawable(points, bucket), drawable(kept, bucket)];
      expect([Math.min(...some), Math.max(...some), some[0], some.at(-1)]).toEqual([
        Math.min(...all),
        Math.max(...all),
        all[0],
        all.at(-1),
      ]);
    }
    expect(kept.every((one) => points.includes(one))).toBe(true);
    expect(kept.map(({ x }) => x)).toEqual([...kept.map(({ x }) => x)].sort((a, b) => a - b));
    expect(kept.length).toBeLessThanOrEqual(
      4 * (buckets + points.filter(({ y }) => y === null).length) + points.filter(({ y }) => y === null).length + 4,
    );
  },
);

test.prop([lines])('values on both sides of a gap remain separate', (points) => {
  const runs = (line: readonly LinePoint[]): number => line.filter(({ y }, i) => y !== null && (line[i - 1]?.y ?? null) === null).length;
  expect(runs(thinLine(points, [0, points.length - 1], 5))).toBe(runs(points));
});
