// Class indices, counted, weighted, balanced and written as vectors.

import { check, checkOptions, createRandom, DataError, deriveSeed, largest, nonNegativeInteger, positiveInteger, rule, seed as seedRule } from '../core/index.js';

const indices = rule<readonly number[]>('a non-empty array of class indices', (value) => Array.isArray(value) && value.length > 0 && value.every(nonNegativeInteger.accepts));

/**
 * Writes a class index, or several, as a vector of zeros and ones.
 *
 * @example
 * oneHot(2, 4) // Float32Array [0, 0, 1, 0]
 * oneHot([0, 3], 4) // Float32Array [1, 0, 0, 1]
 */
export function oneHot(label: number | readonly number[], classes: number): Float32Array {
  check('oneHot', 'classes', classes, positiveInteger);
  const vector = new Float32Array(classes);
  for (const index of typeof label === 'number' ? [label] : label) {
    check('oneHot', 'label', index, rule(`an integer in [0, ${classes})`, (value) => nonNegativeInteger.accepts(value) && value < classes));
    vector[index] = 1;
  }
  return vector;
}

/** Counts the items of each class. */
export function countClasses(labels: readonly number[], classes: number): number[] {
  check('countClasses', 'labels', labels, indices);
  check('countClasses', 'classes', classes, positiveInteger);
  const counts = Array<number>(classes).fill(0);
  for (const label of labels) {
    if (label >= classes) throw new DataError(`countClasses: expected labels below ${classes}, received ${label}.`);
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

/**
 * Weighs classes against their frequency, for the `classWeight` of `model.fitDataset`: an item of a rare class counts for more.
 *
 * The weights are `items / (classes * count)`, so that the mean weight of an item is 1.
 *
 * @throws {DataError} when a class has no items.
 * @example
 * await model.fitDataset(train, { epochs: 5, classWeight: classWeights(files.map((file) => file.label), 10) });
 * @see scikit-learn's `compute_class_weight('balanced')`
 */
export function classWeights(labels: readonly number[], classes: number): Record<number, number> {
  const counts = countClasses(labels, classes);
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new DataError(`classWeights: expected items of all ${classes} classes, received none of class ${empty}.`);
  return Object.fromEntries(counts.map((count, index) => [index, labels.length / (classes * count)]));
}

/** How rare classes are repeated. */
export interface OversampleOptions {
  /** Decides which items of a class come once more than others. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/**
 * Repeats items of rarer classes until every class has as many as the largest; the order stays, with the repeats at the end.
 *
 * Oversample the training share alone, after splitting: before, copies of one image would stand on both sides.
 */
export function oversample<T>(items: readonly T[], labelOf: (item: T) => number | string, options: OversampleOptions = {}): T[] {
  check('oversample', 'items', items, rule<readonly T[]>('a non-empty array', (value) => Array.isArray(value) && value.length > 0));
  const { seed = 0 } = checkOptions('oversample', options, { seed: seedRule });
  const byClass = new Map<number | string, T[]>();
  for (const item of items) byClass.set(labelOf(item), [...(byClass.get(labelOf(item)) ?? []), item]);
  const most = largest([...byClass.values()].map((own) => own.length));
  const repeats: T[] = [];
  for (const [name, own] of byClass) {
    const random = createRandom(deriveSeed(seed, 'oversample', name));
    let waiting: T[] = [];
    for (let missing = most - own.length; missing > 0; missing--) {
      // Every item comes again before any comes twice more.
      if (waiting.length === 0) waiting = [...own];
      repeats.push(...waiting.splice(random.integer(waiting.length), 1));
    }
  }
  return [...items, ...repeats];
}
