// Detects the naming scheme of a file, and the prefix of the network in it.

import { WeightsError } from '../core/index.js';
import type { NetworkPlan } from '../scaling/index.js';
import { entriesOf, LAYOUTS, type LayoutEntry, type LayoutName } from './layouts.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';

/** Options for reading the arrays of a file. */
export interface FitOptions {
  /** Framework whose names the file uses. @defaultValue 'auto' */
  readonly layout?: LayoutName | 'auto' | undefined;
  /** Common prefix of all names of the network, for example `state_dict.`. @defaultValue detected */
  readonly prefix?: string | undefined;
  /**
   * Name of the classifier layer in the file, within the network or next to it.
   * @defaultValue the default of the layout, for example `predictions` or `classifier`
   */
  readonly classifier?: string | undefined;
  /** Whether to load the classifier. `'skip'` keeps the classifier of the model. @defaultValue 'load' */
  readonly head?: 'load' | 'skip' | undefined;
}

/** Google's checkpoints contain each weight twice. The moving average is the one that was evaluated. */
export const AVERAGE = '/ExponentialMovingAverage';

/** A network found in a file. */
interface Recognition {
  readonly layout: LayoutName;
  readonly prefix: string;
  readonly entries: readonly LayoutEntry[];
  /** Number of the expected weights that are in the file. */
  readonly found: number;
}

/**
 * Finds the network among the arrays of a file: its naming scheme and the prefix of its names.
 *
 * @param references - For a network with custom parts: plans of networks that the file may contain. If the file has all weights of one of
 *   them without the classifier, its names are used to find the weights that both networks share.
 * @returns the network, and the prefixes of any other copies.
 * @throws {WeightsError} when no layout fits, or several copies of the network fit equally well.
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
  // A network of another depth shares at least the first blocks. A network with custom parts may share only a few weights.
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
      `${where}: the file contains the network ${places} times, its names beginning with ${listed(same)}. Choose one: \`prefix: ` +
        `'${first.prefix}'\`.`,
    );
  }
  const copies = present.filter((other) => other.layout === first.layout && other.prefix !== first.prefix).map((other) => other.prefix);
  return { ...first, copies };
}

function listed(found: readonly Recognition[]): string {
  return [...new Set(found.map(({ prefix }) => `'${prefix}'`))].join(', ');
}

/** Replaces the array names of a network by those of a reference network. Weights that the reference lacks keep their names. */
function translated(entries: readonly LayoutEntry[], reference: readonly LayoutEntry[]): LayoutEntry[] {
  const names = new Map(reference.map((entry) => [entry.weight, entry]));
  return entries.map((entry) => {
    const named = names.get(entry.weight);
    if (named?.toModel.length !== entry.modelShape.length) return entry;
    const fileShape = named.fileShape.map((_, axis) => entry.modelShape[named.toModel.indexOf(axis)] ?? 0);
    return { ...entry, array: named.array, toModel: named.toModel, fileShape };
  });
}

/** Returns the first and the last convolution. */
function ends(entries: readonly LayoutEntry[]): readonly LayoutEntry[] {
  return entries.filter(({ weight }) => /^(stem|top)_conv\/kernel$/.test(weight));
}

/** Finds the possible prefixes: every text before one of the names that ends at a separator. */
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
