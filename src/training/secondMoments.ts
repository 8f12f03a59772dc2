// The sum of x xᵀ over feature vectors x. Adding or removing a vector takes the same time, however many there are.

/** Rows of the result that are updated together, so that they stay in the processor's cache. */
const TILE = 32;

/**
 * Adds `sign` times the sum of x xᵀ over the given vectors to the lower triangle of a matrix `[width, width]`.
 *
 * Two rows of the result share what they read of four vectors. This takes two thirds of the time of one row at a time.
 *
 * @param rows - Vectors of `width` numbers.
 */
export function addSecondMoments(moments: Float64Array, width: number, rows: readonly Float32Array[], sign: 1 | -1): void {
  const none = new Float32Array(width);
  for (let first = 0; first < width; first += TILE) {
    const last = Math.min(width, first + TILE);
    for (let at = 0; at < rows.length; at += 4) {
      const four = [0, 1, 2, 3].map((k) => rows[at + k] ?? none) as unknown as Four<Float32Array>;
      for (let i = first; i < last; i += 2) addToPair(moments, width, i, four, sign);
    }
  }
}

type Four<T> = readonly [T, T, T, T];

/** Adds to the rows `i` and `i + 1` of the triangle. */
function addToPair(moments: Float64Array, width: number, i: number, [a, b, c, d]: Four<Float32Array>, sign: 1 | -1): void {
  const isPair = i + 1 < width;
  const next = isPair ? i + 1 : i;
  const [ap, bp, cp, dp] = [sign * (a[i] as number), sign * (b[i] as number), sign * (c[i] as number), sign * (d[i] as number)];
  const [aq, bq, cq, dq] = [sign * (a[next] as number), sign * (b[next] as number), sign * (c[next] as number), sign * (d[next] as number)];
  const p = moments.subarray(i * width, i * width + i + 1);
  const q = isPair ? moments.subarray(next * width, next * width + next + 1) : new Float64Array(width);
  for (let j = 0; j <= i; j++) {
    const x = a[j] as number;
    const y = b[j] as number;
    const z = c[j] as number;
    const w = d[j] as number;
    p[j] = (p[j] as number) + (ap * x + bp * y + (cp * z + dp * w));
    q[j] = (q[j] as number) + (aq * x + bq * y + (cq * z + dq * w));
  }
  if (isPair)
    q[next] =
      (q[next] as number) + (aq * (a[next] as number) + bq * (b[next] as number) + (cq * (c[next] as number) + dq * (d[next] as number)));
}
