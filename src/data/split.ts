// Splits arrays of items into training and validation data.

import {
  callable,
  check,
  checkOptions,
  createRandom,
  deriveSeed,
  fraction as fractionRule,
  integerFrom,
  rule,
  seed as seedRule,
  show,
  shuffled,
} from '../core/internal.js';
import { DataError } from '../core/index.js';
import { className } from './labels.js';

/** Options of {@link trainValidationSplit} and {@link kFold}. */
export interface SplitOptions<T> {
  /** The same seed gives the same split. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Returns the class of an item. Every class then has the same share in both parts. @defaultValue not stratified */
  readonly stratifyBy?: ((item: T) => string | number) | undefined;
  /** Returns the group of an item, such as a patient. Items of a group stay in the same part. @defaultValue every item is its own group */
  readonly groupBy?: ((item: T) => string | number) | undefined;
}

const splittable = rule<readonly unknown[]>('an array of at least 2 items', (value) => Array.isArray(value) && value.length >= 2);

/**
 * Splits items at random into training and validation data. Both keep the order of the items.
 *
 * With `stratifyBy`, the fraction holds for every class, rounded. Each class has at least one item (or group) in either part.
 *
 * @param fraction - Fraction of the items for validation, in (0, 1).
 * @throws {OptionError} when an argument or option has a wrong value. `stratifyBy` and `groupBy` must return a number or a string.
 * @throws {DataError} when a class has too few items for both parts.
 * @example
 * const { train, validation } = trainValidationSplit(files, 0.2, { seed: 1, stratifyBy: (file) => file.label });
 */
export function trainValidationSplit<T>(
  items: readonly T[],
  fraction: number,
  options: SplitOptions<T> = {},
): { train: T[]; validation: T[] } {
  const where = 'trainValidationSplit';
  check(where, 'items', items, splittable);
  check(where, 'fraction', fraction, fractionRule);
  const { strata, seed } = stratify(where, items, options);
  const validation = new Set<T>();
  for (const [name, groups] of strata) {
    if (groups.length < 2) throw tooSmall(where, name, groups.length, 2);
    const count = Math.min(groups.length - 1, Math.max(1, Math.round(groups.length * fraction)));
    for (const group of shuffled(groups, createRandom(deriveSeed(seed, 'split', name))).slice(0, count))
      group.forEach((item) => validation.add(item));
  }
  return { train: items.filter((item) => !validation.has(item)), validation: items.filter((item) => validation.has(item)) };
}

/**
 * Splits items at random into k folds for cross-validation. Each result validates on one fold and trains on the others.
 *
 * With `stratifyBy`, all folds have the same number of items (or groups) of each class, give or take one.
 *
 * @throws {OptionError} when an argument or option has a wrong value. `stratifyBy` and `groupBy` must return a number or a string.
 * @throws {DataError} when a class has fewer items (or groups) than there are folds.
 * @example
 * for (const { train, validation } of kFold(files, 5, { stratifyBy: ({ label }) => label })) console.log(train.length, validation.length);
 */
export function kFold<T>(items: readonly T[], folds: number, options: SplitOptions<T> = {}): { train: T[]; validation: T[] }[] {
  return foldsFor('kFold', items, folds, options);
}

/** Splits items into folds for another function. Errors name that function. */
export function foldsFor<T>(
  where: string,
  items: readonly T[],
  folds: number,
  options: SplitOptions<T>,
): { train: T[]; validation: T[] }[] {
  check(where, 'items', items, splittable);
  check(where, 'folds', folds, integerFrom(2));
  const { strata, seed } = stratify(where, items, options);
  const foldOf = new Map<T, number>();
  let next = 0;
  for (const [name, groups] of strata) {
    if (groups.length < folds) throw tooSmall(where, name, groups.length, folds);
    // The next class continues with the fold after the last one, so that all folds have the same size.
    for (const group of shuffled(groups, createRandom(deriveSeed(seed, 'fold', name)))) {
      for (const item of group) foldOf.set(item, next % folds);
      next++;
    }
  }
  return Array.from({ length: folds }, (_, fold) => ({
    train: items.filter((item) => foldOf.get(item) !== fold),
    validation: items.filter((item) => foldOf.get(item) === fold),
  }));
}

/** Groups items by class, and within a class by group. A group with items of several classes belongs to the class of its first item. */
function stratify<T>(where: string, items: readonly T[], options: SplitOptions<T>): { strata: Map<string | number, T[][]>; seed: number } {
  const rules = { seed: seedRule, stratifyBy: callable, groupBy: callable };
  const { seed = 0, stratifyBy = () => '', groupBy } = checkOptions(where, options, rules);
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const key: unknown = groupBy === undefined ? item : groupBy(item);
    if (groupBy !== undefined) check(where, 'groupBy(item)', key, className);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const strata = new Map<string | number, T[][]>();
  for (const group of groups.values()) {
    const name = stratifyBy(group[0] as T);
    check(where, 'stratifyBy(item)', name, className);
    const stratum = strata.get(name);
    if (stratum === undefined) strata.set(name, [group]);
    else stratum.push(group);
  }
  return { strata, seed };
}

function tooSmall(where: string, name: string | number, received: number, needed: number): DataError {
  const [what, remedy] = name === '' ? ['in total', 'Add images.'] : [`of class ${show(name)}`, 'Add images, or leave the class out.'];
  return new DataError(`${where}: expected at least ${needed} items or groups ${what}, received ${received}. ${remedy}`);
}
