// Which network a file holds under which names. What each array is follows in fitWeights.ts.

import { WeightsError } from '../core/index.js';
import type { ModelPlan } from '../scaling/index.js';
import { LAYOUTS, layoutEntries, type LayoutEntry, type LayoutName } from './layouts.js';
import type { NamedArrays } from './namedArrays.js';

/** How a file is to be read. */
export interface FitOptions {
  /** @defaultValue 'auto' */
  readonly layout?: LayoutName | 'auto' | undefined;
  /** What all names of the network begin with, for example `state_dict.`. @defaultValue found by itself */
  readonly prefix?: string | undefined;
  /** Name of the classifier's layer in the file, within the network or beside it. @defaultValue the layout's, for example `predictions` or `classifier` */
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
 * @returns the network, and what the names of its other copies begin with.
 * @throws {WeightsError} when no layout fits, or several copies of the network fit equally.
 */
export function recognizeLayout(
  plan: ModelPlan, arrays: NamedArrays, { layout = 'auto', prefix, classifier, head }: FitOptions,
): Recognition & { readonly copies: readonly string[] } {
  const all = (layout === 'auto' ? LAYOUTS : [layout]).flatMap((name) => {
    const entries = layoutEntries(name, plan, classifier);
    const wanted = head === 'skip' ? entries.filter(({ weight }) => !weight.startsWith('predictions/')) : entries;
    return [...new Set([...findPrefixes(entries, arrays), ...(prefix === undefined ? [] : [prefix])])].map((start): Recognition => {
      const found = wanted.filter(({ array }) => arrays.has(`${start}${array}`) || arrays.has(`${start}${array}${AVERAGE}`)).length;
      return { layout: name, prefix: start, entries, found };
    });
  });
  // A network of another depth shares at least its first blocks.
  const present = all.filter(({ found, entries }) => found >= entries.length / 12);
  const candidates = present.filter((candidate) => prefix === undefined || candidate.prefix === prefix);
  const most = Math.max(0, ...candidates.map(({ found }) => found));
  const best = candidates.filter(({ found }) => found === most);
  const [first] = best;
  if (first === undefined) {
    const names = layout === 'auto' ? `${LAYOUTS.slice(0, -1).join(', ')} and ${LAYOUTS.at(-1)}` : layout;
    const elsewhere = present.length === 0 ? '' : ` Without \`prefix\` it is found under ${listed(present)}.`;
    throw new WeightsError(`loadWeights: expected an EfficientNet with the names of ${names}${prefix === undefined || prefix === '' ? '' : ` under '${prefix}'`}, received a file of ${arrays.size} arrays${sample([...arrays.keys()])}.${elsewhere}`);
  }
  const same = best.filter((other) => other.layout === first.layout);
  if (same.length > 1) {
    throw new WeightsError(`loadWeights: the file holds the network ${same.length} times, its names beginning with ${listed(same)}. Choose one: \`prefix: '${first.prefix}'\`.`);
  }
  const copies = present.filter((other) => other.layout === first.layout && other.prefix !== first.prefix).map((other) => other.prefix);
  return { ...first, copies };
}

function listed(found: readonly Recognition[]): string {
  return [...new Set(found.map(({ prefix }) => `'${prefix}'`))].join(', ');
}

/** What may stand before the names: wherever the first or the last convolution is found at a boundary. */
function findPrefixes(entries: readonly LayoutEntry[], arrays: NamedArrays): string[] {
  const marks = entries.filter(({ weight }) => /^(stem|top)_conv\/kernel$/.test(weight)).map(({ array }) => array);
  const prefixes = new Set<string>();
  for (const fileName of arrays.keys()) {
    const name = fileName.endsWith(AVERAGE) ? fileName.slice(0, -AVERAGE.length) : fileName;
    for (const mark of marks) {
      const start = name.slice(0, name.length - mark.length);
      if (name.endsWith(mark) && /(^|[./])$/.test(start)) prefixes.add(start);
    }
  }
  return [...prefixes];
}

function sample(names: readonly string[]): string {
  return names.length === 0 ? '' : ` such as ${names.slice(0, 3).map((name) => `'${name}'`).join(', ')}`;
}
