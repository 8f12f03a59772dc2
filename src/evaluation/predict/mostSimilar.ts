// Finds the nearest neighbors of a feature vector by cosine similarity.

/** A row and its cosine similarity to the query. */
export interface Neighbor {
  readonly index: number;
  readonly similarity: number;
}

/** Returns the rows that are most similar to the query, the most similar first. Of equally similar rows, the first comes first. */
export function mostSimilar(query: Float32Array, rows: readonly Float32Array[], topK: number): Neighbor[] {
  return rows
    .map((row, index) => ({ index, similarity: cosine(query, row) }))
    .sort((a, b) => b.similarity - a.similarity || a.index - b.index)
    .slice(0, topK);
}

/** Returns the cosine of the angle between two vectors, 0 if one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    product += x * y;
    first += x * x;
    second += y * y;
  }
  return first === 0 || second === 0 ? 0 : product / Math.sqrt(first * second);
}
