// Predicts every image with classifiers that have not seen it, on features that are computed already, and measures how accuracy grows with
// the number of images.

import { createRandom, deriveSeed, shuffled } from '../../core/internal.js';
import { addSecondMoments, discriminant } from '../../training/internal.js';

/** Labeled features. */
export interface AuditedFeatures {
  readonly rows: readonly Float32Array[];
  readonly labels: readonly number[];
  /** Number of classes. Some may have no images. */
  readonly classes: number;
  /** Images of one group are never on both sides of a fold: near duplicates would predict their own labels. */
  readonly groups: readonly number[];
}

/** The result of {@link outOfFold}. */
export interface OutOfFold {
  /** `[images, classes]`; each row sums to 1. */
  readonly probabilities: Float32Array;
  readonly curve: readonly CurvePoint[];
}

/** Accuracy for a number of training images. */
export interface CurvePoint {
  /** Mean number of training images over all classes and folds. */
  readonly images: number;
  /** How many of the `total` held-out images are predicted correctly. */
  readonly correct: number;
  readonly total: number;
}

export interface OutOfFoldOptions {
  readonly folds: number;
  readonly seed: number;
  /** Called after every fold, for progress and cancellation. */
  readonly onFold: (done: number) => Promise<void>;
}

/** As in `imageIndex`. */
const SHRINKAGE = 0.9;
/** Fractions of the training images at which the accuracy is measured. */
const SHARES = [0.125, 0.25, 0.5, 1];

/** Predicts all images by k-fold cross-validation with linear discriminant analysis. */
export async function outOfFold(data: AuditedFeatures, { folds, seed, onFold }: OutOfFoldOptions): Promise<OutOfFold> {
  const { rows, labels, classes } = data;
  const width = rows[0]?.length ?? 0;
  const probabilities = new Float32Array(rows.length * classes);
  const correct = SHARES.map(() => 0);
  const images = SHARES.map(() => 0);
  const foldOf = assignFolds(data, folds, seed);
  for (let fold = 0; fold < folds; fold++) {
    const validation = [...rows.keys()].filter((i) => foldOf[i] === fold);
    const train = [...rows.keys()].filter((i) => foldOf[i] !== fold);
    const ordered = stratifiedOrder(train, labels, deriveSeed(seed, fold));
    const moments = new Float64Array(width * width);
    let from = 0;
    for (const [s, share] of SHARES.entries()) {
      const used = ordered.slice(0, Math.max(2, Math.round(share * ordered.length)));
      addSecondMoments(
        moments,
        width,
        used.slice(from).map((i) => rows[i] as Float32Array),
        1,
      );
      from = used.length;
      const predict = classifierOf(data, used, moments);
      images[s] = (images[s] as number) + used.length / folds;
      for (const i of validation) {
        const row = predict(rows[i] as Float32Array);
        const best = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
        if (best === labels[i]) correct[s] = (correct[s] as number) + 1;
        if (share === 1) probabilities.set(row, i * classes);
      }
    }
    await onFold(fold + 1);
  }
  return {
    probabilities,
    curve: SHARES.map((_, s) => ({ images: Math.round(images[s] as number), correct: correct[s] as number, total: rows.length })),
  };
}

/**
 * Distributes the images of every class evenly. Unlike `kFold`, it accepts classes with fewer images than folds. A group belongs to the
 * class of its first image.
 */
function assignFolds({ labels, groups }: AuditedFeatures, folds: number, seed: number): Int32Array {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const known = members.get(group);
    if (known === undefined) members.set(group, [i]);
    else known.push(i);
  });
  const foldOf = new Int32Array(labels.length);
  const byClass = shuffled([...members.values()], createRandom(seed)).sort(
    (a, b) => (labels[a[0] as number] as number) - (labels[b[0] as number] as number),
  );
  byClass.forEach((images, at) => {
    for (const i of images) foldOf[i] = at % folds;
  });
  return foldOf;
}

/** Orders images so that every beginning of the list contains the classes in their proportions. */
function stratifiedOrder(images: readonly number[], labels: readonly number[], seed: number): number[] {
  const byClass = new Map<number, number[]>();
  for (const i of shuffled(images, createRandom(seed))) {
    const label = labels[i] as number;
    byClass.set(label, [...(byClass.get(label) ?? []), i]);
  }
  const placed = [...byClass.values()].flatMap((members) => members.map((i, at) => ({ i, place: (at + 0.5) / members.length })));
  return placed.sort((a, b) => a.place - b.place).map(({ i }) => i);
}

/** Computes a classifier from some images. Classes without images among them get a probability of 0. */
function classifierOf(
  { rows, labels, classes }: AuditedFeatures,
  used: readonly number[],
  moments: Float64Array,
): (row: Float32Array) => Float32Array {
  const present = [...new Set(used.map((i) => labels[i] as number))].sort((a, b) => a - b);
  const position = new Map(present.map((label, p) => [label, p]));
  const width = rows[0]?.length ?? 0;
  const { kernel, bias } = discriminant(
    {
      width,
      rows: used.map((i) => rows[i] as Float32Array),
      labels: used.map((i) => position.get(labels[i] as number) as number),
      classes: present.length,
      moments,
    },
    SHRINKAGE,
  );
  return (row) => {
    const logits = Float64Array.from(bias);
    for (let k = 0; k < width; k++) {
      const value = row[k] as number;
      for (let c = 0; c < logits.length; c++) logits[c] = (logits[c] as number) + value * (kernel[k * logits.length + c] as number);
    }
    const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const exponentials = logits.map((logit) => Math.exp(logit - highest));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    const result = new Float32Array(classes);
    present.forEach((label, p) => (result[label] = (exponentials[p] as number) / sum));
    return result;
  };
}
