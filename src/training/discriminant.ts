// Linear discriminant analysis: a classifier computed from the class means and the shared covariance of features, without training.

import { choleskySolver, type CholeskySolver } from './choleskySolver.js';
import { fitScale, type LeaveOneOut } from './fitScale.js';

/** Labeled feature vectors. */
export interface LabeledFeatures {
  /** Number of features per image. */
  readonly width: number;
  /** One vector per image. */
  readonly rows: readonly Float32Array[];
  /** Class indices of the images. Every class has at least one image. */
  readonly labels: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** Sum of x xᵀ over all images, as `addSecondMoments` computes it. With a shrinkage of 1, only its diagonal is read. */
  readonly moments: Float64Array;
}

/** The weights of a dense layer with softmax. */
export interface Discriminant {
  /** `[width, classes]` */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** `undefined` if no class has two images. */
  readonly leaveOneOut: LeaveOneOut | undefined;
}

/** Maximum number of images that are left out to choose the scale of the logits. */
const LEFT_OUT = 256;

/**
 * Computes linear discriminant analysis with equal priors, as `LinearDiscriminantAnalysis(solver='lsqr', shrinkage=...)` of scikit-learn.
 *
 * Where classes differ in size, the offsets differ from scikit-learn's by the part of a mean's length that comes from its few images.
 *
 * The logits of that analysis are far too large with many features and few images. Predictions for images that are left out one at a time
 * determine the factor by which they are scaled down.
 *
 * @param shrinkage - Weight of a multiple of the identity in the covariance, in (0, 1]. With 1, the nearest class mean wins among
 * classes of one size.
 */
export function discriminant(features: LabeledFeatures, shrinkage: number): Discriminant {
  const { width, classes, rows, labels } = features;
  const counts = new Array<number>(classes).fill(0);
  const means = Array.from({ length: classes }, () => new Float64Array(width));
  labels.forEach((label, i) => {
    counts[label] = (counts[label] as number) + 1;
    const [mean, row] = [means[label] as Float64Array, rows[i] as Float32Array];
    for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) + (row[k] as number);
  });
  means.forEach((mean, c) => {
    for (let k = 0; k < width; k++) mean[k] = (mean[k] as number) / (counts[c] as number);
  });

  const solver = solverOf(features, means, counts, shrinkage);
  const weights = means.map((mean) => solver.solve(mean));
  const products = means.map((mean) => Float64Array.from(weights, (weight) => dot(mean, weight)));
  const leftOut = chosen(labels, counts);
  const centered = leftOut.map((i) => minus(rows[i] as Float32Array, means[labels[i] as number] as Float64Array));
  const lengths = solver.quadraticForms(centered);
  // The mean of few images is longer than that of many, only because it is less exact. Its class would win too rarely.
  const noise = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  const offsets = products.map((row, c) => -0.5 * ((row[c] as number) - noise / (counts[c] as number)));
  const logits = leftOut.map((i, at) => {
    const label = labels[i] as number;
    return logitsWithout(
      Float64Array.from(weights, (weight) => dot(centered[at] as Float64Array, weight)),
      lengths[at] as number,
      { products, offsets, noise, label, count: counts[label] as number, share: (1 - shrinkage) / rows.length },
    );
  });
  const { scale, leaveOneOut } = fitScale(
    logits,
    leftOut.map((i) => labels[i] as number),
    width,
  );
  return { ...denseWeights(weights, offsets, scale), leaveOneOut };
}

/** Factors the covariance within classes, mixed with its mean variance times the identity. */
function solverOf(
  { width, rows, moments }: LabeledFeatures,
  means: readonly Float64Array[],
  counts: readonly number[],
  shrinkage: number,
): CholeskySolver {
  const count = rows.length;
  let trace = 0;
  for (let i = 0; i < width; i++) {
    const explained = means.reduce((sum, mean, c) => sum + (counts[c] as number) * (mean[i] as number) ** 2, 0);
    trace += Math.max(0, (moments[i * width + i] as number) - explained);
  }
  // Classes of one image have no covariance. Like a shrinkage of 1, this makes the nearest class mean win.
  const isFlat = rows.length === means.length || trace === 0;
  if (isFlat) return diagonalSolver((totalVariance(means) || 1) / width);
  const variance = (shrinkage * trace) / (count * width);
  if (shrinkage === 1) return diagonalSolver(variance);
  const matrix = new Float64Array(width * width);
  const share = (1 - shrinkage) / count;
  for (let i = 0; i < width; i++) {
    const row = matrix.subarray(i * width, i * width + i + 1);
    row.set(moments.subarray(i * width, i * width + i + 1));
    means.forEach((mean, c) => {
      const value = (counts[c] as number) * (mean[i] as number);
      for (let j = 0; j <= i; j++) row[j] = (row[j] as number) - value * (mean[j] as number);
    });
    for (let j = 0; j <= i; j++) row[j] = (row[j] as number) * share;
    row[i] = (row[i] as number) + variance;
  }
  return choleskySolver(matrix, width);
}

/** Solves equations with a multiple of the identity. */
function diagonalSolver(variance: number): CholeskySolver {
  return {
    solve: (b) => b.map((value) => value / variance),
    quadraticForms: (vectors) => Float64Array.from(vectors, (vector) => dot(vector, vector) / variance),
  };
}

/** Returns the mean squared distance of the class means from their own mean. */
function totalVariance(means: readonly Float64Array[]): number {
  const width = (means[0] as Float64Array).length;
  let total = 0;
  for (let k = 0; k < width; k++) {
    const center = means.reduce((sum, mean) => sum + (mean[k] as number), 0) / means.length;
    total += means.reduce((sum, mean) => sum + ((mean[k] as number) - center) ** 2, 0) / means.length;
  }
  return total;
}

/** Chooses images to leave out, evenly over the list. A class of one image would vanish without it. */
function chosen(labels: readonly number[], counts: readonly number[]): number[] {
  const all = labels.flatMap((label, i) => ((counts[label] as number) > 1 ? [i] : []));
  const step = Math.max(1, all.length / LEFT_OUT);
  return Array.from({ length: Math.min(LEFT_OUT, all.length) }, (_, i) => all[Math.floor(i * step)] as number);
}

interface LeftOut {
  /** Products of every class mean with the weights of every class. */
  readonly products: readonly Float64Array[];
  readonly offsets: readonly number[];
  /** Expected mᵀ Σ⁻¹ m of an image. */
  readonly noise: number;
  readonly label: number;
  /** Number of images in its class, itself included. */
  readonly count: number;
  /** Weight of one image in the covariance. */
  readonly share: number;
}

/**
 * Returns the logits of an image as if it had not been there. Its class mean moves away from it, and the covariance loses one outer
 * product, whose inverse the Sherman-Morrison formula gives. The mean variance in the covariance stays as it is.
 *
 * @param own - Products of m = x - (class mean) with the weights of every class.
 * @param length - mᵀ Σ⁻¹ m.
 */
function logitsWithout(own: Float64Array, length: number, { products, offsets, noise, label, count, share }: LeftOut): Float64Array {
  const others = count - 1;
  const part = (share * count) / others;
  const growth = part / (1 - part * length);
  const [mean, ownMean] = [products[label] as Float64Array, own[label] as number];
  const xq = ownMean + length;
  return own.map((each, c) => {
    const isLabel = c === label;
    const pq = isLabel ? ownMean - length / others : each;
    const xp = (mean[c] as number) + each - (isLabel ? xq / others : 0);
    // The mean without the image is less exact.
    const change = isLabel ? ownMean / others - length / (2 * others ** 2) + (noise / others - noise / count) / 2 : 0;
    return xp + growth * xq * pq + (offsets[c] as number) + change - 0.5 * growth * pq * pq;
  });
}

/** Returns kernel and bias, less their mean over the classes, which softmax ignores: small numbers suit float32 and float16. */
function denseWeights(weights: readonly Float64Array[], offsets: readonly number[], scale: number): Pick<Discriminant, 'kernel' | 'bias'> {
  const classes = weights.length;
  const width = (weights[0] as Float64Array).length;
  const kernel = new Float32Array(width * classes);
  for (let k = 0; k < width; k++) {
    const mean = weights.reduce((sum, weight) => sum + (weight[k] as number), 0) / classes;
    weights.forEach((weight, c) => {
      kernel[k * classes + c] = ((weight[k] as number) - mean) * scale;
    });
  }
  const mean = offsets.reduce((sum, offset) => sum + offset, 0) / classes;
  return { kernel, bias: Float32Array.from(offsets, (offset) => (offset - mean) * scale) };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

function minus(row: Float32Array, mean: Float64Array): Float64Array {
  return mean.map((value, k) => (row[k] as number) - value);
}
