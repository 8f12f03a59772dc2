// Arrays of labeled items cut into shares: plain arrays in, plain arrays out.

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

/** How items are split. */
export interface SplitOptions<T> {
  /** The same seed gives the same split. @defaultValue 0 */
  readonly seed?: number | undefined;
  /** Every class keeps its share on both sides; returns the class of an item. @defaultValue not stratified */
  readonly stratifyBy?: ((item: T) => string | number) | undefined;
  /** Items of one group (a patient, an original photo) stay together; returns the group. @defaultValue each item by itself */
  readonly groupBy?: ((item: T) => string | number) | undefined;
}

const splittable = rule<readonly unknown[]>('an array of at least 2 items', (value) => Array.isArray(value) && value.length >= 2);

/**
 * Splits items at random into a training and a validation share; both keep the order of the items.
 *
 * Stratified, each class gives its rounded share to the validation side, at least one item (or group) and never all.
 *
 * @param fraction - Share of the validation side, in (0, 1).
 * @throws {OptionError} when `stratifyBy` or `groupBy` returns anything but a number or a string.
 * @throws {DataError} when a class is too small to stand on both sides.
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
  const held = new Set<T>();
  for (const [name, groups] of strata) {
    if (groups.length < 2) throw tooSmall(where, name, groups.length, 2);
    const count = Math.min(groups.length - 1, Math.max(1, Math.round(groups.length * fraction)));
    for (const group of shuffled(groups, createRandom(deriveSeed(seed, 'split', name))).slice(0, count))
      group.forEach((item) => held.add(item));
  }
  return { train: items.filter((item) => !held.has(item)), validation: items.filter((item) => held.has(item)) };
}

/**
 * Cuts items into k folds at random; each round trains on k - 1 of them and validates on one, and every item validates once.
 *
 * Stratified, every fold has the same number of each class, give or take one item (or group).
 *
 * @throws {OptionError} when `stratifyBy` or `groupBy` returns anything but a number or a string.
 * @throws {DataError} when a class has fewer items (or groups) than there are folds.
 * @example
 * for (const { train, validation } of kFold(files, 5, { stratifyBy: ({ label }) => label })) console.log(train.length, validation.length);
 */
export function kFold<T>(items: readonly T[], folds: number, options: SplitOptions<T> = {}): { train: T[]; validation: T[] }[] {
  return foldsFor('kFold', items, folds, options);
}

/** Cuts into folds for another function, under whose name it reports errors. */
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
    // Going on where the last class ended keeps the folds as large as each other.
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

/**
 * Groups by class and group; a group with items of several classes counts to its first.
 */
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
  const what = name === '' ? 'in all' : `of class ${show(name)}`;
  return new DataError(
    `${where}: expected at least ${needed} items or groups ${what}, received ${received}. Add images, or leave the class out.`,
  );
}
