// Solves linear equations with a symmetric positive definite matrix by Cholesky factorization. Four rows or right-hand sides at a time share
// what they read of the matrix, which makes this several times as fast as the textbook loops.

/** A factored matrix. */
export interface CholeskySolver {
  /** Returns the solution x of A x = b. */
  solve(b: Float64Array): Float64Array;
  /** Returns bᵀ A⁻¹ b for each vector b. */
  quadraticForms(vectors: readonly Float64Array[]): Float64Array;
}

/**
 * Factors a symmetric positive definite matrix `[size, size]`, which is overwritten. Only its lower triangle is read.
 */
export function choleskySolver(matrix: Float64Array, size: number): CholeskySolver {
  for (let start = 0; start < size; start += 4) factorRows(matrix, size, start, Math.min(4, size - start));
  return {
    solve: (b) => {
      const x = b.slice();
      for (let i = 0; i < size; i++) {
        const row = i * size;
        let sum = x[i] as number;
        for (let k = 0; k < i; k++) sum -= (matrix[row + k] as number) * (x[k] as number);
        x[i] = sum / (matrix[row + i] as number);
      }
      for (let i = size - 1; i >= 0; i--) {
        const row = i * size;
        const value = (x[i] as number) / (matrix[row + i] as number);
        x[i] = value;
        for (let k = 0; k < i; k++) x[k] = (x[k] as number) - value * (matrix[row + k] as number);
      }
      return x;
    },
    quadraticForms: (vectors) => {
      const forms = new Float64Array(vectors.length);
      for (let at = 0; at < vectors.length; at += 4) forms.set(fourForms(matrix, size, vectors.slice(at, at + 4)), at);
      return forms;
    },
  };
}

/** Computes up to four rows of the factor from the rows above them. */
function factorRows(matrix: Float64Array, size: number, start: number, count: number): void {
  const rows = Array.from({ length: 4 }, (_, r) =>
    matrix.subarray((start + Math.min(r, count - 1)) * size, (start + Math.min(r, count - 1) + 1) * size),
  );
  const [a, b, c, d] = rows as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let j = 0; j < start; j++) {
    const other = matrix.subarray(j * size, j * size + j + 1);
    let [s, t, u, v] = [0, 0, 0, 0];
    for (let k = 0; k < j; k++) {
      const value = other[k] as number;
      s += value * (a[k] as number);
      t += value * (b[k] as number);
      u += value * (c[k] as number);
      v += value * (d[k] as number);
    }
    const inverse = 1 / (other[j] as number);
    // The last rows may be the same row. Each is read before any is written.
    const next = [(a[j] as number) - s, (b[j] as number) - t, (c[j] as number) - u, (d[j] as number) - v];
    for (let r = 0; r < count; r++) (rows[r] as Float64Array)[j] = (next[r] as number) * inverse;
  }
  for (let r = 0; r < count; r++) {
    const row = rows[r] as Float64Array;
    for (let j = start; j <= start + r; j++) {
      const other = rows[j - start] as Float64Array;
      let sum = row[j] as number;
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number);
      row[j] = j === start + r ? Math.sqrt(sum) : sum / (other[j] as number);
    }
  }
}

/** Substitutes up to four right-hand sides forward. The squared length of the solution is the quadratic form. */
function fourForms(matrix: Float64Array, size: number, vectors: readonly Float64Array[]): number[] {
  const [a, b, c, d] = Array.from({ length: 4 }, (_, r) => vectors[r]?.slice() ?? new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < size; i++) {
    const row = matrix.subarray(i * size, i * size + i + 1);
    let [s, t, u, v] = [0, 0, 0, 0];
    for (let k = 0; k < i; k++) {
      const value = row[k] as number;
      s += value * (a[k] as number);
      t += value * (b[k] as number);
      u += value * (c[k] as number);
      v += value * (d[k] as number);
    }
    const inverse = 1 / (row[i] as number);
    a[i] = ((a[i] as number) - s) * inverse;
    b[i] = ((b[i] as number) - t) * inverse;
    c[i] = ((c[i] as number) - u) * inverse;
    d[i] = ((d[i] as number) - v) * inverse;
  }
  return [a, b, c, d].slice(0, vectors.length).map((x) => x.reduce((sum, value) => sum + value * value, 0));
}
