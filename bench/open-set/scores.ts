// Scores of how well a model knows an image, from its features and logits. The higher, the better known.

import { choleskySolver, type CholeskySolver } from '../../src/training/choleskySolver.js';

/** A trained classifier, and the features it learned from. */
export interface Fitted {
  readonly width: number;
  readonly classes: number;
  readonly rows: readonly Float32Array[];
  readonly labels: readonly number[];
  /** `[width, classes]` */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly temperature: number;
}

export type Score = (row: Float32Array) => number;
type Vector = Float32Array | Float64Array;

const dot = (a: Vector, b: Vector): number => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
};
const minus = (a: Vector, b: Vector): Float64Array => Float64Array.from(a, (value, k) => value - (b[k] as number));
const unit = (a: Vector): Float64Array => {
  const length = Math.sqrt(dot(a, a)) || 1;
  return Float64Array.from(a, (value) => value / length);
};
const meanOf = (rows: readonly Vector[], width: number): Float64Array => {
  const mean = new Float64Array(width);
  for (const row of rows) for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) + (row[k] as number) / rows.length;
  return mean;
};
const logSumExp = (values: Float64Array): number => {
  const highest = Math.max(...values);
  return highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0));
};

export function logitsOf({ width, classes, kernel, bias }: Fitted, row: Float32Array): Float64Array {
  const logits = Float64Array.from(bias);
  for (let k = 0; k < width; k++) {
    const value = row[k] as number;
    if (value !== 0) for (let c = 0; c < classes; c++) logits[c] = (logits[c] as number) + value * (kernel[k * classes + c] as number);
  }
  return logits;
}

/**
 * Returns every score by name.
 *
 * @param asked - The images that will be scored.
 */
export function scoresOf(fitted: Fitted, asked: readonly Float32Array[]): Readonly<Record<string, Score>> {
  const { classes, width, rows, labels, temperature } = fitted;
  const members = Array.from({ length: classes }, (_, c) => rows.filter((_row, i) => labels[i] === c));
  const means = members.map((own) => meanOf(own, width));
  const center = meanOf(rows, width);
  const logProbability = (row: Float32Array, scale: number): number => {
    const logits = logitsOf(fitted, row).map((value) => value / scale);
    return Math.max(...logits) - logSumExp(logits);
  };
  const negativeEntropy: Score = (row) => {
    const logits = logitsOf(fitted, row).map((value) => value / temperature);
    const total = logSumExp(logits);
    return logits.reduce((sum, value) => sum + Math.exp(value - total) * (value - total), 0);
  };
  const energy: Score = (row) => logSumExp(logitsOf(fitted, row));
  const [directions, unitRows] = [means.map(unit), rows.map(unit)];
  const nearest: Score = (row) => Math.max(...directions.map((mean) => dot(mean, unit(row))));
  const neighbor: Score = (row) => {
    const query = unit(row);
    return unitRows.map((own) => dot(own, query)).sort((a, b) => b - a)[4] as number;
  };

  const centered = rows.map((row) => minus(row, center));
  const within = covarianceOf(
    rows.map((row, i) => minus(row, means[labels[i] as number] as Float64Array)),
    width,
    0.5,
  );
  const overall = covarianceOf(centered, width, 0.5);
  // Squared distances to the common mean, in one go. Those to the class means follow from dot products.
  const all = [...rows, ...asked];
  const shifted = all.map((row) => minus(row, center));
  const [own, common] = [within, overall].map((solver) => {
    const forms = solver.quadraticForms(shifted);
    return new Map(all.map((row, i) => [row, forms[i] as number]));
  }) as [Map<Float32Array, number>, Map<Float32Array, number>];
  const offsets = means.map((mean) => minus(mean, center));
  const weights = offsets.map((offset) => within.solve(offset));
  const distance = (row: Float32Array): number => {
    const moved = minus(row, center);
    const squares = weights.map((weight, c) => (own.get(row) as number) - 2 * dot(weight, moved) + dot(weight, offsets[c] as Float64Array));
    return Math.min(...squares);
  };
  const relative: Score = (row) => (common.get(row) as number) - distance(row);
  const residual = residualOf(centered, width);
  const lengths = centered.map(residual);
  const alpha =
    rows.reduce((sum, row) => sum + Math.max(...logitsOf(fitted, row)), 0) /
    Math.max(
      1e-9,
      lengths.reduce((sum, value) => sum + value, 0),
    );

  const calibrated: Score = (row) => logProbability(row, temperature);
  return {
    'highest probability, calibrated': calibrated,
    'highest probability, not calibrated': (row) => logProbability(row, 1),
    'entropy of the calibrated probabilities': negativeEntropy,
    'highest logit': (row) => Math.max(...logitsOf(fitted, row)),
    energy,
    'cosine to the nearest class mean': nearest,
    'cosine to the fifth nearest training image': neighbor,
    'Mahalanobis distance': (row) => -distance(row),
    'relative Mahalanobis distance': relative,
    'residual outside 100 principal components': (row) => -residual(minus(row, center)),
    ViM: (row) => energy(row) - alpha * residual(minus(row, center)),
    'probability and relative Mahalanobis': together(calibrated, relative, rows),
    'probability and nearest class mean': together(calibrated, nearest, rows),
    'probability and Mahalanobis': together(calibrated, (row) => -distance(row), rows),
    'probability and energy': together(calibrated, energy, rows),
  };
}

/** Adds two scores, each divided by its standard deviation over the training images. */
function together(first: Score, second: Score, rows: readonly Float32Array[]): Score {
  const [a, b] = [first, second].map((score) => {
    const values = rows.map(score);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
  }) as [number, number];
  return (row) => first(row) / a + second(row) / b;
}

/** Factors the covariance of centered rows mixed with its mean variance times the identity. */
function covarianceOf(centered: readonly Float64Array[], width: number, shrinkage: number): CholeskySolver {
  const matrix = new Float64Array(width * width);
  for (const row of centered) {
    for (let i = 0; i < width; i++) {
      const value = ((1 - shrinkage) * (row[i] as number)) / centered.length;
      if (value !== 0) for (let j = 0; j <= i; j++) matrix[i * width + j] = (matrix[i * width + j] as number) + value * (row[j] as number);
    }
  }
  const variance = centered.reduce((sum, row) => sum + dot(row, row), 0) / (centered.length * width);
  for (let i = 0; i < width; i++) matrix[i * width + i] = (matrix[i * width + i] as number) + shrinkage * variance;
  return choleskySolver(matrix, width);
}

/** Returns a function that measures how much of a centered vector lies outside the first principal components. */
function residualOf(centered: readonly Float64Array[], width: number, components = 100): (vector: Float64Array) => number {
  let basis = orthonormal(centered.slice(0, components));
  for (let round = 0; round < 8; round++) {
    basis = orthonormal(
      basis.map((direction) => {
        const next = new Float64Array(width);
        for (const row of centered) {
          const share = dot(row, direction);
          for (let k = 0; k < width; k++) next[k] = (next[k] as number) + share * (row[k] as number);
        }
        return next;
      }),
    );
  }
  return (vector) => Math.sqrt(Math.max(0, dot(vector, vector) - basis.reduce((sum, direction) => sum + dot(vector, direction) ** 2, 0)));
}

/** Gram-Schmidt. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    for (const direction of basis) {
      const share = dot(rest, direction);
      for (let k = 0; k < rest.length; k++) rest[k] = (rest[k] as number) - share * (direction[k] as number);
    }
    basis.push(unit(rest));
  }
  return basis;
}
