// Solves equations with a symmetric positive definite matrix by Cholesky factorization. Four rows or right-hand sides at a time share
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
    r < count ? matrix.subarray((start + r) * size, (start + r + 1) * size) : new Float64Array(size),
  );
  substitute(matrix, size, start, rows);
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
  const rows = Array.from({ length: 4 }, (_, r) => vectors[r]?.slice() ?? new Float64Array(size));
  substitute(matrix, size, size, rows);
  return rows.slice(0, vectors.length).map((x) => x.reduce((sum, value) => sum + value * value, 0));
}

/** Replaces the first `end` numbers of four right-hand sides by the solution of L x = b. Two rows of L are read at a time. */
function substitute(matrix: Float64Array, size: number, end: number, rows: readonly Float64Array[]): void {
  const [a, b, c, d] = rows as readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  const none = new Float64Array(size);
  for (let j = 0; j < end; j += 2) {
    const isPair = j + 1 < end;
    const p = matrix.subarray(j * size, j * size + j + 1);
    const q = isPair ? matrix.subarray((j + 1) * size, (j + 1) * size + j + 2) : none;
    let [ap, bp, cp, dp, aq, bq, cq, dq] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let k = 0; k < j; k++) {
      const x = p[k] as number;
      const y = q[k] as number;
      const ak = a[k] as number;
      const bk = b[k] as number;
      const ck = c[k] as number;
      const dk = d[k] as number;
      ap += x * ak;
      bp += x * bk;
      cp += x * ck;
      dp += x * dk;
      aq += y * ak;
      bq += y * bk;
      cq += y * ck;
      dq += y * dk;
    }
    const [first, second] = [
      [ap, bp, cp, dp],
      [aq, bq, cq, dq],
    ] as const;
    rows.forEach((row, r) => {
      const value = ((row[j] as number) - (first[r] as number)) / (p[j] as number);
      row[j] = value;
      if (isPair) row[j + 1] = ((row[j + 1] as number) - (second[r] as number) - (q[j] as number) * value) / (q[j + 1] as number);
    });
  }
}
