// The sum of outer products, also after vectors are removed.

import { expect, test } from 'vitest';
import { addSecondMoments } from '../../src/training/secondMoments.js';
import { uniform } from '../support/fill.js';

const WIDTH = 70;
const rows = Array.from({ length: 9 }, (_, i) => Float32Array.from(uniform(`moments/${i}`, WIDTH)));

test('is the sum of x xᵀ, in the lower triangle', () => {
  const moments = new Float64Array(WIDTH * WIDTH);
  addSecondMoments(moments, WIDTH, rows, 1);
  for (let i = 0; i < WIDTH; i++) {
    for (let j = 0; j < WIDTH; j++) {
      const sum = rows.reduce((total, row) => total + row[i]! * row[j]!, 0);
      expect(moments[i * WIDTH + j]).toBeCloseTo(j <= i ? sum : 0, 10);
    }
  }
});

test('vectors that are added and removed leave nothing behind', () => {
  const [moments, expected] = [new Float64Array(WIDTH * WIDTH), new Float64Array(WIDTH * WIDTH)];
  addSecondMoments(moments, WIDTH, rows, 1);
  addSecondMoments(moments, WIDTH, rows.slice(2, 8), -1);
  addSecondMoments(expected, WIDTH, [rows[0]!, rows[1]!, rows[8]!], 1);
  moments.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 10);
  });
});
