// Which network a file holds under which names. What each array is follows in fitWeights.ts.

import { WeightsError } from '../core/index.js';
import type { NetworkPlan } from '../scaling/index.js';
import { entriesOf, LAYOUTS, type LayoutEntry, type LayoutName } from './layouts.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';

/** How a file is to be read. */
export interface FitOptions {
  /** @defaultValue 'auto' */
  readonly layout?: LayoutName | 'auto' | undefined;
  /** What all names of the network begin with, for example `state_dict.`. @defaultValue found by itself */
  readonly prefix?: string | undefined;
  /**
   * Name of the classifier's layer in the file, within the network or beside it.
   * @defaultValue the layout's, for example `predictions` or `classifier`
   */
  readonly classifier?: string | undefined;
  /** `'skip'` leaves the model's own classifier as it is, whatever head the file has. @defaultValue 'load' */
  readonly head?: 'load' | 'skip' | undefined;
}

/** Google's checkpoints hold each weight twice; the moving average is the one that was evaluated. */
export const AVERAGE = '/ExponentialMovingAverage';

/** A network in a file. */
interface Recognition {
  readonly layout: LayoutName;
  readonly prefix: string;
  readonly entries: readonly LayoutEntry[];
  /** How many of the weights to be loaded are in the file. */
  readonly found: number;
}

/**
 * Finds the network among the arrays of a file: whose names it has, and what they begin with.
 *
 * @param references - For a network with parts of the caller's own: plans that the file's may be. A file that has all weights of one, up to
 *   the
 * classifier, is read by its names; the network takes what it has under the same names in Keras.
 * @returns the network, and what the names of its other copies begin with.
 * @throws {WeightsError} when no layout fits, or several copies of the network fit equally.
 */
export function recognizeLayout(
  where: string,
  plan: NetworkPlan,
  arrays: NamedArrays,
  { layout = 'auto', prefix, classifier, head }: FitOptions,
  references: readonly NetworkPlan[] = [],
): Recognition & { readonly copies: readonly string[] } {
  const isBackbone = ({ weight }: LayoutEntry): boolean => !/^(predictions|hidden\d+)\//.test(weight);
  const lookUp = (start: string, array: string): WeightArray | undefined =>
    arrays.get(`${start}${array}${AVERAGE}`) ?? arrays.get(`${start}${array}`);
  const candidatesOf = (reference: NetworkPlan): readonly Recognition[] =>
    (layout === 'auto' ? LAYOUTS : [layout]).flatMap((name) => {
      const named = entriesOf(name, reference, classifier);
      const entries = reference === plan ? named : translated(entriesOf('keras', plan), named);
      const wanted = head === 'skip' ? entries.filter(isBackbone) : entries;
      const starts = new Set([
        ...findPrefixes(references.length > 0 && reference === plan ? named : ends(named), arrays),
        ...(prefix === undefined ? [] : [prefix]),
      ]);
      return [...starts].flatMap((start): Recognition[] => {
        const isWhole =
          reference === plan ||
          named.filter(isBackbone).every(({ array, fileShape }) => String(lookUp(start, array)?.shape) === String(fileShape));
        const found = wanted.filter(({ array }) => lookUp(start, array) !== undefined).length;
        return isWhole ? [{ layout: name, prefix: start, entries, found }] : [];
      });
    });
  const own = candidatesOf(plan);
  const all = own.some(({ found, entries }) => found === entries.length) ? own : [...references.flatMap(candidatesOf), ...own];
  // A network of another depth shares at least its first blocks, one with parts of the caller's own at least something.
  const present = all.filter(({ found, entries }) => found > 0 && (references.length > 0 || found >= entries.length / 12));
  const candidates = present.filter((candidate) => prefix === undefined || candidate.prefix === prefix);
  const most = Math.max(0, ...candidates.map(({ found }) => found));
  const best = candidates.filter(({ found }) => found === most);
  const [first] = best;
  if (first === undefined) {
    const names = layout === 'auto' ? `${LAYOUTS.slice(0, -1).join(', ')} and ${LAYOUTS.at(-1)}` : layout;
    const elsewhere = present.length === 0 ? '' : ` Without \`prefix\` it is found under ${listed(present)}.`;
    throw new WeightsError(
      `${where}: expected an EfficientNet with the names of ` +
        `${names}${prefix === undefined || prefix === '' ? '' : ` under '${prefix}'`}, ` +
        `received a file of ${arrays.size} arrays${sample([...arrays.keys()])}.${elsewhere}`,
    );
  }
  const same = best.filter((other) => other.layout === first.layout);
  const places = new Set(same.map((other) => other.prefix)).size;
  if (places > 1) {
    throw new WeightsError(
      `${where}: the file holds the network ${places} times, its names beginning with ${listed(same)}. Choose one: \`prefix: ` +
        `'${first.prefix}'\`.`,
    );
  }
  const copies = present.filter((other) => other.layout === first.layout && other.prefix !== first.prefix).map((other) => other.prefix);
  return { ...first, copies };
}

function listed(found: readonly Recognition[]): string {
  return [...new Set(found.map(({ prefix }) => `'${prefix}'`))].join(', ');
}

/** The entries of a network by the names that a file has for a network of reference. What that one does not have keeps its own name. */
function translated(entries: readonly LayoutEntry[], reference: readonly LayoutEntry[]): LayoutEntry[] {
  const names = new Map(reference.map((entry) => [entry.weight, entry]));
  return entries.map((entry) => {
    const named = names.get(entry.weight);
    if (named?.toModel.length !== entry.modelShape.length) return entry;
    const fileShape = named.fileShape.map((_, axis) => entry.modelShape[named.toModel.indexOf(axis)] ?? 0);
    return { ...entry, array: named.array, toModel: named.toModel, fileShape };
  });
}

/** The first and the last convolution. */
function ends(entries: readonly LayoutEntry[]): readonly LayoutEntry[] {
  return entries.filter(({ weight }) => /^(stem|top)_conv\/kernel$/.test(weight));
}

/** What may stand before the names: wherever one of them is found at a boundary. */
function findPrefixes(entries: readonly LayoutEntry[], arrays: NamedArrays): string[] {
  const marks = new Set(entries.map(({ array }) => array));
  const prefixes = new Set<string>();
  for (const fileName of arrays.keys()) {
    const name = fileName.endsWith(AVERAGE) ? fileName.slice(0, -AVERAGE.length) : fileName;
    const starts = [0, ...[...name.matchAll(/[./]/g)].map(({ index }) => index + 1)];
    for (const start of starts) if (marks.has(name.slice(start))) prefixes.add(name.slice(0, start));
  }
  return [...prefixes];
}

function sample(names: readonly string[]): string {
  return names.length === 0
    ? ''
    : ` such as ${names
        .slice(0, 3)
        .map((name) => `'${name}'`)
        .join(', ')}`;
}
