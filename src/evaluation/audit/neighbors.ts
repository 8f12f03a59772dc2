// Compares the features of all images with each other: pairs that are nearly equal, and images without similar ones.
//
// Features are first projected to a few random directions. The cosines of these sketches are close to the true ones, and only promising
// pairs are compared exactly. The work per pair is therefore a few dozen multiplications instead of more than a thousand.

import { createRandom } from '../../core/internal.js';
import { cosine } from '../predict/internal.js';

/** Two images, by position, and the cosine of their centered features. */
export interface SimilarPair {
  readonly first: number;
  readonly second: number;
  readonly similarity: number;
}

/** The result of {@link compareAll}. */
export interface Neighborhood {
  /** All pairs of at least the given similarity and those that look alike, in the order of their positions. */
  readonly pairs: readonly SimilarPair[];
  /** Mean similarity of each image to its most similar ones, apart from its near duplicates. */
  readonly closeness: Float32Array;
}

export interface CompareAllOptions {
  /** Minimum similarity of a pair. */
  readonly similarity: number;
  /** Pairs that are listed although their features are less similar. @defaultValue none */
  readonly looksAlike?: ((first: number, second: number) => boolean) | undefined;
  /** Called after every few rows, for progress and cancellation. */
  readonly onRow: (done: number) => Promise<void>;
}

const SKETCH = 64;
/** Sketches of this many standard errors below the wanted similarity are not compared exactly. */
const SLACK = 4;
/** Number of similar images whose mean similarity is the closeness of an image. */
const NEIGHBORS = 5;
/** So many of the images with the most similar sketches are compared exactly. */
const CANDIDATES = 12;

/** Compares all images by the cosine of their features, from which the mean of all images is subtracted. */
export async function compareAll(
  rows: readonly Float32Array[],
  { similarity, looksAlike, onRow }: CompareAllOptions,
): Promise<Neighborhood> {
  const centered = centeredRows(rows);
  const sketches = sketchesOf(centered);
  const least = similarity - (SLACK * (1 - similarity ** 2)) / Math.sqrt(SKETCH);
  const best = rows.map(() => createBest(CANDIDATES));
  const pairs: SimilarPair[] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      const estimate = sketchCosine(sketches, i, j);
      best[i]?.offer(j, estimate);
      best[j]?.offer(i, estimate);
      const isAlike = looksAlike?.(i, j) === true;
      if (estimate < least && !isAlike) continue;
      const exact = cosine(centered[i] as Float32Array, centered[j] as Float32Array);
      if (exact >= similarity || isAlike) pairs.push({ first: i, second: j, similarity: exact });
    }
    if (i % 64 === 63) await onRow(i + 1);
  }
  const closeness = Float32Array.from(rows, (_, i) => {
    const exact = (best[i]?.indices() ?? []).map((j) => cosine(centered[i] as Float32Array, centered[j] as Float32Array));
    const others = exact.filter((value) => value < similarity).sort((a, b) => b - a);
    const nearest = others.slice(0, NEIGHBORS);
    return nearest.length === 0 ? 1 : nearest.reduce((sum, value) => sum + value, 0) / nearest.length;
  });
  return { pairs, closeness };
}

function centeredRows(rows: readonly Float32Array[]): Float32Array[] {
  const width = rows[0]?.length ?? 0;
  const mean = new Float64Array(width);
  for (const row of rows) for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) + (row[k] as number) / rows.length;
  return rows.map((row) => row.map((value, k) => value - (mean[k] as number)));
}

/** Projects every row to random directions, and divides the results by their length. `[rows, SKETCH]` */
function sketchesOf(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const random = createRandom(1);
  const directions = Array.from({ length: SKETCH }, () => Float32Array.from({ length: width }, () => random.normal()));
  const sketches = new Float32Array(rows.length * SKETCH);
  rows.forEach((row, i) => {
    const sketch = sketches.subarray(i * SKETCH, (i + 1) * SKETCH);
    directions.forEach((direction, d) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (row[k] as number) * (direction[k] as number);
      sketch[d] = sum;
    });
    const length = Math.hypot(...sketch) || 1;
    for (let d = 0; d < SKETCH; d++) sketch[d] = (sketch[d] as number) / length;
  });
  return sketches;
}

function sketchCosine(sketches: Float32Array, i: number, j: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let x = i * SKETCH;
  let y = j * SKETCH;
  for (const end = x + SKETCH; x < end; x += 4, y += 4) {
    a += (sketches[x] as number) * (sketches[y] as number);
    b += (sketches[x + 1] as number) * (sketches[y + 1] as number);
    c += (sketches[x + 2] as number) * (sketches[y + 2] as number);
    d += (sketches[x + 3] as number) * (sketches[y + 3] as number);
  }
  return a + b + c + d;
}

interface Best {
  offer(index: number, value: number): void;
  indices(): number[];
}

/** Keeps the indices with the highest values. */
function createBest(size: number): Best {
  const indices: number[] = [];
  const values: number[] = [];
  let lowest = -Infinity;
  return {
    offer: (index, value) => {
      if (values.length === size && value <= lowest) return;
      const at = values.length === size ? values.indexOf(lowest) : values.length;
      indices[at] = index;
      values[at] = value;
      if (values.length === size) lowest = Math.min(...values);
    },
    indices: () => indices,
  };
}
