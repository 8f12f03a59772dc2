// The sum of x xᵀ over feature vectors x. Adding or removing a vector takes the same time, however many there are.

/** Rows of the result that are updated together, so that they stay in the processor's cache. */
const TILE = 32;

/**
 * Adds `sign` times the sum of x xᵀ over the given vectors to the lower triangle of a matrix `[width, width]`.
 *
 * @param rows - Vectors of `width` numbers.
 */
export function addSecondMoments(moments: Float64Array, width: number, rows: readonly Float32Array[], sign: 1 | -1): void {
  const none = new Float32Array(width);
  for (let first = 0; first < width; first += TILE) {
    const last = Math.min(width, first + TILE);
    for (let at = 0; at < rows.length; at += 4) {
      const [a = none, b = none, c = none, d = none] = rows.slice(at, at + 4);
      for (let i = first; i < last; i++) {
        const [ai, bi, ci, di] = [sign * (a[i] as number), sign * (b[i] as number), sign * (c[i] as number), sign * (d[i] as number)];
        const row = moments.subarray(i * width, i * width + i + 1);
        for (let j = 0; j <= i; j++) {
          row[j] = (row[j] as number) + (ai * (a[j] as number) + bi * (b[j] as number) + (ci * (c[j] as number) + di * (d[j] as number)));
        }
      }
    }
  }
}
