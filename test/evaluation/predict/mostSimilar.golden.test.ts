// Neighbors by cosine similarity against scikit-learn, whose numbers test/fixtures/training/discriminant.py wrote.

import { expect, test } from 'vitest';
import { mostSimilar } from '../../../src/evaluation/predict/mostSimilar.js';
import golden from '../../fixtures/training/discriminant.json' with { type: 'json' };

const rows = golden.features.map((row) => Float32Array.from(row));

test('the neighbors and their similarities are those of NearestNeighbors with cosine distance', () => {
  golden.queries.forEach((query, i) => {
    const found = mostSimilar(Float32Array.from(query), rows, 5);
    expect(found.map(({ index }) => index)).toEqual(golden.neighbors.indices[i]);
    found.forEach(({ similarity }, k) => {
      expect(1 - similarity).toBeCloseTo(golden.neighbors.distances[i]![k]!, 5);
    });
  });
});

test('of equal rows the first comes first, and a row of zeros is similar to none', () => {
  const [x, zeros] = [Float32Array.of(1, 2), new Float32Array(2)];
  expect(mostSimilar(x, [zeros, x, x], 5).map(({ index }) => index)).toEqual([1, 2, 0]);
  expect(mostSimilar(x, [zeros], 1)).toEqual([{ index: 0, similarity: 0 }]);
});
