// Computes precision, recall, F1 and related metrics from three counts per class.

/** The numbers of true, predicted and correctly predicted samples per class. */
export interface ClassCounts {
  readonly truePositives: Float64Array;
  /** Number of samples that belong to each class. */
  readonly support: Float64Array;
  /** Number of samples that were predicted as each class. */
  readonly predicted: Float64Array;
  /** Number of all samples. */
  readonly total: number;
}

/** Precision, recall and F1, each in [0, 1]. A division by zero gives 0, the default of scikit-learn. */
export interface Scores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The scores of one class. */
export interface ClassScores extends Scores {
  readonly name: string;
  /** Number of samples that belong to the class. */
  readonly support: number;
  /** Number of samples that were predicted as the class. */
  readonly predicted: number;
}

/** Counts samples per class. `rows` selects samples by index and may repeat them. */
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

/** Counts samples per class for multi-label data: `[samples, classes]` of 0 and 1. */
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

/** Returns the scores of each class, including classes without samples. */
export function scoreClasses(counts: ClassCounts, classNames: readonly string[]): ClassScores[] {
  return classNames.map((name, i) => {
    const support = counts.support[i] as number;
    const predicted = counts.predicted[i] as number;
    return { name, ...scores(counts.truePositives[i] as number, predicted, support), support, predicted };
  });
}

/** Returns the unweighted mean of the scores over the classes. */
export function macroAverage(classes: readonly ClassScores[]): Scores {
  return average(classes, () => 1);
}

/** Returns the mean of the scores over the classes, weighted by the number of samples. */
export function weightedAverage(classes: readonly ClassScores[]): Scores {
  return average(classes, ({ support }) => support);
}

/** Returns the scores over the decisions of all classes together. */
export function microAverage({ truePositives, predicted, support }: ClassCounts): Scores {
  return scores(sum(truePositives), sum(predicted), sum(support));
}

/** Returns the fraction of correct predictions. */
export function accuracyOf({ truePositives, total }: ClassCounts): number {
  return sum(truePositives) / total;
}

/** Returns the mean recall of the classes that have samples. */
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

/** Returns Cohen's kappa: the agreement beyond what the class frequencies alone would give. It is NaN if only one class occurs. */
export function kappaOf(counts: ClassCounts): number {
  const chance = dot(counts.support, counts.predicted) / counts.total ** 2;
  return (accuracyOf(counts) - chance) / (1 - chance);
}

/**
 * Returns the Matthews correlation coefficient of true and predicted classes, for any number of classes. It is 0 if all true or all
 * predicted classes are equal.
 */
export function matthewsOf({ truePositives, support, predicted, total }: ClassCounts): number {
  const covariance = sum(truePositives) * total - dot(support, predicted);
  const variance = (total ** 2 - dot(support, support)) * (total ** 2 - dot(predicted, predicted));
  return variance === 0 ? 0 : covariance / Math.sqrt(variance);
}

/** Returns precision, recall and F1 for one set of counts. */
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
