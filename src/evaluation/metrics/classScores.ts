// Precision, recall, F1 and what else follows from three counts a class. The rankings (ROC, PR) live in ranking.ts.

/** How often each class was there, was predicted, and both. */
export interface ClassCounts {
  readonly truePositives: Float64Array;
  /** Samples that belong to the class. */
  readonly support: Float64Array;
  /** Samples that were predicted to. */
  readonly predicted: Float64Array;
  /** Samples in all. */
  readonly total: number;
}

/** Precision, recall and F1, each in [0, 1]; 0 where the division is by zero, as scikit-learn's default has it. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The scores of one class. */
export interface ClassScores extends Scores {
  readonly name: string;
  /** Samples that belong to the class. */
  readonly support: number;
  /** Samples that were predicted to belong to it. */
  readonly predicted: number;
}

/** Counts classes from labels and predictions; `rows` picks samples, with repetition where asked. */
export function countClasses(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
  rows?: ArrayLike<number>,
): ClassCounts {
  const counts = emptyCounts(classes);
  const total = rows?.length ?? labels.length;
  for (let i = 0; i < total; i++) {
    const row = rows === undefined ? i : (rows[i] as number);
    const truth = labels[row] as number;
    const guess = predicted[row] as number;
    add(counts.support, truth);
    add(counts.predicted, guess);
    if (truth === guess) add(counts.truePositives, truth);
  }
  return { ...counts, total };
}

/** Counts classes where each sample may have several: `[samples, classes]` of 0 and 1. */
export function countLabelSets(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): ClassCounts {
  const counts = emptyCounts(classes);
  for (let i = 0; i < labels.length; i++) {
    const column = i % classes;
    if (labels[i] === 1) add(counts.support, column);
    if (predicted[i] === 1) add(counts.predicted, column);
    if (labels[i] === 1 && predicted[i] === 1) add(counts.truePositives, column);
  }
  return { ...counts, total: labels.length / classes };
}

/** The scores of each class, absent ones included. */
export function scoreClasses(counts: ClassCounts, classNames: readonly string[]): ClassScores[] {
  return classNames.map((name, i) => {
    const support = counts.support[i] as number;
    const predicted = counts.predicted[i] as number;
    return { name, ...scores(counts.truePositives[i] as number, predicted, support), support, predicted };
  });
}

/** The mean of the classes' scores, each class counting the same. */
export function macroAverage(classes: readonly ClassScores[]): Scores {
  return average(classes, () => 1);
}

/** The mean of the classes' scores, each class counting as often as it is there. */
export function weightedAverage(classes: readonly ClassScores[]): Scores {
  return average(classes, ({ support }) => support);
}

/** The scores of all decisions thrown together. */
export function microAverage({ truePositives, predicted, support }: ClassCounts): Scores {
  return scores(sum(truePositives), sum(predicted), sum(support));
}

/** Correct predictions over all. */
export function accuracyOf({ truePositives, total }: ClassCounts): number {
  return sum(truePositives) / total;
}

/** The mean recall of the classes that are there. */
export function balancedAccuracyOf({ truePositives, support }: ClassCounts): number {
  let recalls = 0;
  let present = 0;
  support.forEach((count, i) => {
    if (count === 0) return;
    present++;
    recalls += (truePositives[i] as number) / count;
  });
  return recalls / present;
}

/**
 * Cohen's kappa: agreement beyond what the class frequencies alone would give. NaN where they leave no room for any,
 * that is where one class is all there is.
 */
export function kappaOf(counts: ClassCounts): number {
  const chance = dot(counts.support, counts.predicted) / counts.total ** 2;
  return (accuracyOf(counts) - chance) / (1 - chance);
}

/** Matthews' correlation of truth and prediction, for any number of classes; 0 where one of them never varies. */
export function matthewsOf({ truePositives, support, predicted, total }: ClassCounts): number {
  const covariance = sum(truePositives) * total - dot(support, predicted);
  const variance = (total ** 2 - dot(support, support)) * (total ** 2 - dot(predicted, predicted));
  return variance === 0 ? 0 : covariance / Math.sqrt(variance);
}

/** Precision, recall and F1 of one set of counts. */
export function scores(truePositives: number, predicted: number, support: number): Scores {
  return {
    precision: ratio(truePositives, predicted),
    recall: ratio(truePositives, support),
    f1: ratio(2 * truePositives, predicted + support),
  };
}

function average(classes: readonly ClassScores[], weightOf: (scores: ClassScores) => number): Scores {
  let precision = 0;
  let recall = 0;
  let f1 = 0;
  let weights = 0;
  for (const one of classes) {
    const weight = weightOf(one);
    precision += weight * one.precision;
    recall += weight * one.recall;
    f1 += weight * one.f1;
    weights += weight;
  }
  return { precision: ratio(precision, weights), recall: ratio(recall, weights), f1: ratio(f1, weights) };
}

function emptyCounts(classes: number): Omit<ClassCounts, 'total'> {
  return { truePositives: new Float64Array(classes), support: new Float64Array(classes), predicted: new Float64Array(classes) };
}

function add(counts: Float64Array, index: number): void {
  counts[index] = (counts[index] as number) + 1;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
}
