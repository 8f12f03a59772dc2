// Matches the arrays of a file to the weights of a network by name and shape. It does not change the model; `loadWeights` does.

import type { WeightsMismatch } from '../core/index.js';
import { hasVariant } from '../scaling/internal.js';
import type { NetworkPlan } from '../scaling/index.js';
import { checkNormalization } from './checkNormalization.js';
import { classifierIsBeside, classifierPrefix, type LayoutEntry, type LayoutName } from './layouts.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';
import { AVERAGE, recognizeLayout, type FitOptions } from './recognizeLayout.js';

/** An array of the file that is skipped on purpose. */
export interface SkippedArray {
  readonly array: string;
  readonly reason: string;
}

/** One weight and the array to load into it. */
export interface FittedWeight {
  readonly entry: LayoutEntry;
  /** Name of the array in the file. */
  readonly name: string;
  readonly array: WeightArray;
  /** Whether the RGB stem of the file must be adapted to the model's number of channels. */
  readonly adapted: boolean;
}

/** The weights that fit and those that do not. */
export interface Fit {
  readonly layout: LayoutName;
  readonly prefix: string;
  readonly fitted: readonly FittedWeight[];
  /** Weights of the model that are not in the file. */
  readonly missing: readonly string[];
  /** Weights of the model that keep their values because `head` is `'skip'`. */
  readonly kept: readonly string[];
  readonly misshapen: readonly WeightsMismatch[];
  /** Arrays of the file that do not belong to the network. */
  readonly unexpected: readonly string[];
  readonly skipped: readonly SkippedArray[];
}

/**
 * Matches the arrays of a file to the weights of a network.
 *
 * Arrays outside the network, such as optimizer state, metrics or a second copy, are skipped. Every array within the network must be known.
 *
 * @throws {WeightsError} when no layout fits, the file contains several copies of the network, or the file normalizes pixels differently.
 */
export function fitWeights(
  where: string,
  plan: NetworkPlan,
  arrays: NamedArrays,
  options: FitOptions = {},
  references: readonly NetworkPlan[] = [],
): Fit {
  const { layout, prefix, entries, copies } = recognizeLayout(where, plan, arrays, options, references);
  const isHead = isClassifier(layout, options);
  const skipHead = options.head === 'skip';
  const fitted: FittedWeight[] = [];
  const missing: string[] = [];
  const kept: string[] = [];
  const misshapen: WeightsMismatch[] = [];
  const claimed = new Set<string>();
  let root = prefix;

  for (const entry of entries) {
    if (skipHead && (isHead(entry.array) || isHeadWeight(entry.weight))) {
      kept.push(entry.weight);
      continue;
    }
    // A classifier that was added to a backbone is next to the backbone in the file, not inside its prefix.
    const isBeside = options.classifier !== undefined || classifierIsBeside(layout);
    const starts = isBeside && isHead(entry.array) ? scopesAround(prefix) : [prefix];
    const places = starts.flatMap((start) => [
      { start, name: start + entry.array + AVERAGE },
      { start, name: start + entry.array },
    ]);
    const { start, name } = places.find((place) => arrays.has(place.name)) ?? { start: prefix, name: undefined };
    const array = name === undefined ? undefined : arrays.get(name);
    if (name === undefined || array === undefined) {
      missing.push(entry.weight);
      continue;
    }
    claimed.add(name);
    if (start.length < root.length) root = start;
    const adapted = takesOtherChannels(entry, array);
    if (adapted || sameShape(array.shape, entry.fileShape)) fitted.push({ entry, name, array, adapted });
    else misshapen.push({ weight: entry.weight, array: name, modelShape: entry.modelShape, fileShape: inModelOrder(array.shape, entry) });
  }

  const known = new Set(entries.map(({ array }) => array));
  const isBackbone = isInBackbone(
    layout,
    entries.filter(({ weight }) => !weight.startsWith('predictions/')),
  );
  const leavesHead = skipHead || !entries.some(({ weight }) => weight.startsWith('predictions/'));
  const reasonFor = (name: string): string | null => {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : null;
    if (own !== null && known.has(own) && arrays.has(`${name}${AVERAGE}`)) return 'superseded by its moving average';
    const general = reasonToSkip(name);
    if (general !== null) return general;
    if ((leavesHead || options.classifier !== undefined) && (isHead(name) || (own !== null && isHead(own)))) return 'classifier';
    const copy = copies.find((start) => name.startsWith(start) && known.has(name.slice(start.length)));
    if (copy !== undefined) return `another copy of the network, under '${copy}'`;
    if (arrays.get(name)?.shape.length === 0) return 'a single number, which no layer has as a weight';
    if (!name.startsWith(root)) return `outside the network, whose names begin with '${root}'`;
    return leavesHead && !(own !== null && isBackbone(own)) ? 'not part of the backbone' : null;
  };
  const skipped: SkippedArray[] = [];
  const unexpected: string[] = [];
  for (const name of arrays.keys()) {
    if (claimed.has(name)) continue;
    const reason = reasonFor(name);
    if (reason === null) unexpected.push(name);
    else skipped.push({ array: name, reason });
  }
  if (hasVariant(plan)) checkNormalization(where, plan, arrays);
  return { layout, prefix, fitted, missing, kept, misshapen, unexpected, skipped };
}

/** Returns a prefix and all the prefixes that contain it, innermost first: `model.backbone.`, `model.` and ''. */
export function scopesAround(prefix: string): string[] {
  const ends = [...prefix.matchAll(/[./]/g)].map(({ index }) => index + 1);
  return [...new Set([prefix, ...ends.reverse().map((end) => prefix.slice(0, end)), ''])];
}

/**
 * Returns a function that tells whether an array belongs to the backbone, including backbones with more blocks, or to a head. It compares
 * the outermost module in their names.
 */
function isInBackbone(layout: LayoutName, entries: readonly LayoutEntry[]): (name: string) => boolean {
  // In `tf1`, the classifier and the last convolution share the module 'head', so the next module is compared.
  const shared = classifierPrefix(layout).replace(/[^./]+[./]$/, '');
  const moduleOf = (name: string): string => {
    const start = name.startsWith(shared) ? shared : '';
    return start + (name.slice(start.length).split(/[./]/, 1)[0] ?? '').replace(/^(_?blocks?)_?\d.*$/, '$1');
  };
  const modules = new Set(entries.map(({ array }) => moduleOf(array)));
  return (name) => modules.has(moduleOf(name));
}

function isClassifier(layout: LayoutName, { classifier }: FitOptions): (name: string) => boolean {
  const starts = [classifierPrefix(layout, classifier), classifierPrefix(layout)];
  return (name) => starts.some((start) => name.startsWith(start));
}

/** Whether a weight belongs to the layers of the head. */
export function isHeadWeight(weight: string): boolean {
  return /^(predictions|hidden\d+)\//.test(weight);
}

function reasonToSkip(name: string): string | null {
  if (/(^|[./])num_batches_tracked$/.test(name)) return 'counter of training steps';
  if (/(^|\/)normalization(_\d+)?\/(mean|variance|count)$/.test(name)) return 'normalization of pixels, checked';
  if (/^(\w*optim\w*|opt(_\w+)?)[./]|\/(RMSProp|RMSProp_1|Momentum)$|(^|\/)global_step$/.test(name)) return 'state of the optimizer';
  if (/(^|\/)metrics\//.test(name)) return 'state of a metric';
  if (/(^|\/)seed_generator(_\d+)?\//.test(name)) return 'state of a random number generator';
  return null;
}

/** Whether an RGB stem can be adapted to another number of channels, as in `adapt_input_conv` of timm/models/_manipulate.py. */
function takesOtherChannels({ weight, fileShape, modelShape, toModel }: LayoutEntry, { shape }: WeightArray): boolean {
  const channels = toModel[2];
  if (weight !== 'stem_conv/kernel' || channels === undefined || modelShape[2] === 3 || shape[channels] !== 3) return false;
  return sameShape(
    shape,
    fileShape.map((length, i) => (i === channels ? 3 : length)),
  );
}

function inModelOrder(shape: readonly number[], { toModel }: LayoutEntry): readonly number[] {
  return shape.length === toModel.length ? toModel.map((axis) => shape[axis] as number) : shape;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}
