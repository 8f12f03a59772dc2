// Solutions of linear equations, for sizes that are and are not multiples of the four rows that are computed together.

import { expect, test } from 'vitest';
import { choleskySolver } from '../../src/training/choleskySolver.js';
import { uniform } from '../support/fill.js';

/** Returns a symmetric positive definite matrix. */
function matrixOf(size: number): Float64Array {
  const factor = uniform('cholesky', size * size);
  const product = (i: number, j: number): number =>
    Array.from({ length: size }, (_, k) => factor[i * size + k]! * factor[j * size + k]!).reduce((a, b) => a + b);
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return product(i, j) + (i === j ? 0.5 : 0);
  });
}

const times = (matrix: Float64Array, x: Float64Array): number[] =>
  Array.from(x, (_, i) => x.reduce((sum, value, k) => sum + matrix[i * x.length + k]! * value, 0));

test.each([1, 2, 3, 4, 5, 7, 8, 9, 23])('solves %d equations', (size) => {
  const matrix = matrixOf(size);
  const solver = choleskySolver(matrix.slice(), size);
  const vectors = Array.from({ length: 6 }, (_, i) => Float64Array.from(uniform(`right/${i}`, size)));
  const forms = solver.quadraticForms(vectors);
  vectors.forEach((b, at) => {
    const x = solver.solve(b);
    times(matrix, x).forEach((value, i) => {
      expect(value).toBeCloseTo(b[i]!, 8);
    });
    expect(forms[at]).toBeCloseTo(
      b.reduce((sum, value, i) => sum + value * x[i]!, 0),
      8,
    );
  });
});
