// Class labels: one-hot encoding, counts, class weights and oversampling.

import {
  arrayOf,
  callable,
  check,
  checkOptions,
  createRandom,
  deriveSeed,
  either,
  finite,
  largest,
  nonNegativeInteger,
  positiveInteger,
  rule,
  seed as seedRule,
} from '../core/internal.js';
import { DataError } from '../core/index.js';

const indices = rule<readonly number[]>(
  'a non-empty array of class indices',
  (value) => Array.isArray(value) && value.length > 0 && value.every(nonNegativeInteger.accepts),
);

const classCount = rule<number>('an integer in [1, 16777216]', (value) => positiveInteger.accepts(value) && value <= 2 ** 24);

/**
 * Encodes one class index, or several, as a vector of zeros and ones.
 *
 * @example
 * oneHot(2, 4) // Float32Array [0, 0, 1, 0]
 * oneHot([0, 3], 4) // Float32Array [1, 0, 0, 1]
 */
export function oneHot(label: number | readonly number[], classes: number): Float32Array {
  check('oneHot', 'classes', classes, classCount);
  const index = rule<number>(`an integer in [0, ${classes})`, (value) => nonNegativeInteger.accepts(value) && value < classes);
  check('oneHot', 'label', label, rule(`${index.expected}, or an array of such integers,`, either(index, arrayOf(index)).accepts));
  const vector = new Float32Array(classes);
  for (const each of typeof label === 'number' ? [label] : label) vector[each] = 1;
  return vector;
}

/**
 * Counts the items of each class.
 *
 * @throws {OptionError} when an argument has a wrong value.
 * @throws {DataError} when a label is `classes` or higher.
 */
export function countClasses(labels: readonly number[], classes: number): number[] {
  return countFor('countClasses', labels, classes);
}

/** Counts the items of each class for another function. Errors name that function. */
function countFor(where: string, labels: readonly number[], classes: number): number[] {
  check(where, 'labels', labels, indices);
  check(where, 'classes', classes, classCount);
  const counts = Array<number>(classes).fill(0);
  for (const label of labels) {
    if (label >= classes) throw new DataError(`${where}: expected labels below ${classes}, received ${label}.`);
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

/**
 * Computes class weights for `classWeight` of `model.fitDataset`, so that items of rare classes count for more in the loss.
 *
 * The weight of a class is `items / (classes * count)`. The mean weight of an item is 1.
 *
 * @throws {OptionError} when an argument has a wrong value.
 * @throws {DataError} when a class has no items, or a label is `classes` or higher.
 * @example
 * await model.fitDataset(train, { epochs: 5, classWeight: classWeights(files.map((file) => file.label), 10) });
 * @see scikit-learn's `compute_class_weight('balanced')`
 */
export function classWeights(labels: readonly number[], classes: number): Record<number, number> {
  const counts = countFor('classWeights', labels, classes);
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new DataError(`classWeights: expected items of all ${classes} classes, received none of class ${empty}.`);
  return Object.fromEntries(counts.map((count, index) => [index, labels.length / (classes * count)]));
}

/** A class that a function of the caller returns. */
export const className = rule<number | string>('a number or a string', (value) => typeof value === 'string' || finite.accepts(value));

/** Options of {@link oversample}. */
export interface OversampleOptions {
  /** Seed for which items of a class are repeated once more than the others. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/**
 * Repeats items of rare classes until every class has as many as the largest one. The repeated items are appended at the end.
 *
 * Split the items first and oversample only the training data. Otherwise copies of an image can be in both parts.
 *
 * @throws {OptionError} when an argument has a wrong value, or `labelOf` returns anything but a number or a string.
 */
export function oversample<T>(items: readonly T[], labelOf: (item: T) => number | string, options: OversampleOptions = {}): T[] {
  check(
    'oversample',
    'items',
    items,
    rule<readonly T[]>('a non-empty array', (value) => Array.isArray(value) && value.length > 0),
  );
  check('oversample', 'labelOf', labelOf, callable);
  const { seed = 0 } = checkOptions('oversample', options, { seed: seedRule });
  const byClass = new Map<number | string, T[]>();
  for (const item of items) {
    const label = labelOf(item);
    check('oversample', 'labelOf(item)', label, className);
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [item]);
    else members.push(item);
  }
  const most = largest([...byClass.values()].map((members) => members.length));
  const repeats: T[] = [];
  for (const [name, members] of byClass) {
    const random = createRandom(deriveSeed(seed, 'oversample', name));
    let waiting: T[] = [];
    for (let missing = most - members.length; missing > 0; missing--) {
      // Every item is repeated once before any is repeated again.
      if (waiting.length === 0) waiting = [...members];
      repeats.push(...waiting.splice(random.integer(waiting.length), 1));
    }
  }
  return [...items, ...repeats];
}
