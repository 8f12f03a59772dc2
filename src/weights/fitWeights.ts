// Which array of a file is which weight of a network: found by name, checked by shape, everything on both sides accounted for.
// Nothing is changed here; loadWeights.ts does that.

import { WeightsError, type WeightsMismatch } from '../core/index.js';
import type { ModelPlan } from '../scaling/index.js';
import { classifierPrefix, LAYOUTS, layoutEntries, type LayoutEntry, type LayoutName } from './layouts.js';
import type { NamedArrays, WeightArray } from './namedArrays.js';
import { checkNormalization } from './checkNormalization.js';

/** How a file is to be read. */
export interface FitOptions {
  /** @defaultValue 'auto' */
  readonly layout?: LayoutName | 'auto';
  /** What stands before every name, for example `state_dict.`. @defaultValue found by itself */
  readonly prefix?: string;
  /** Name of the classifier's layer in the file. @defaultValue the layout's, for example `predictions` or `classifier` */
  readonly classifier?: string;
  /** `'skip'` leaves the model's own classifier as it is. @defaultValue 'load' */
  readonly head?: 'load' | 'skip';
}

/** An array of the file that is left out on purpose. */
export interface SkippedArray {
  readonly array: string;
  readonly reason: string;
}

/** One weight and the array that fills it. */
export interface FittedWeight {
  readonly entry: LayoutEntry;
  /** Its name in the file. */
  readonly name: string;
  readonly array: WeightArray;
  /** Whether the file's RGB stem is summed or repeated to the model's number of channels. */
  readonly adapted: boolean;
}

/** What fits, and what does not. */
export interface Fit {
  readonly layout: LayoutName;
  readonly prefix: string;
  readonly fitted: readonly FittedWeight[];
  /** Weights of the model that the file does not hold. */
  readonly missing: readonly string[];
  /** Weights of the model that stay as they are because `head` is `'skip'`. */
  readonly kept: readonly string[];
  readonly misshapen: readonly WeightsMismatch[];
  /** Arrays of the file that nobody knows. */
  readonly unexpected: readonly string[];
  readonly skipped: readonly SkippedArray[];
}

/** Google's checkpoints hold each weight twice; the moving average is the one that was evaluated. */
const AVERAGE = '/ExponentialMovingAverage';

/**
 * Fits the arrays of a file to a network.
 *
 * @throws {WeightsError} when no layout fits, several copies of the network are in the file, or it normalises pixels differently.
 */
export function fitWeights(plan: ModelPlan, arrays: NamedArrays, options: FitOptions = {}): Fit {
  const { layout, prefix, entries } = recogniseLayout(plan, arrays, options);
  const isHead = isClassifier(layout, options);
  const skipHead = options.head === 'skip';
  const fitted: FittedWeight[] = [];
  const missing: string[] = [];
  const kept: string[] = [];
  const misshapen: WeightsMismatch[] = [];
  const claimed = new Set<string>();

  for (const entry of entries) {
    if (skipHead && isHead(entry.array)) {
      kept.push(entry.weight);
      continue;
    }
    // A classifier put on a backbone stands beside it in the file, not within.
    const places = [prefix + entry.array + AVERAGE, prefix + entry.array, ...(options.classifier !== undefined && isHead(entry.array) ? [entry.array] : [])];
    const name = places.find((candidate) => arrays.has(candidate));
    const array = name === undefined ? undefined : arrays.get(name);
    if (name === undefined || array === undefined) {
      missing.push(entry.weight);
      continue;
    }
    claimed.add(name);
    const adapted = takesOtherChannels(plan, entry, array);
    if (adapted || sameShape(array.shape, entry.fileShape)) fitted.push({ entry, name, array, adapted });
    else misshapen.push({ weight: entry.weight, array: name, modelShape: entry.modelShape, fileShape: inModelOrder(array.shape, entry) });
  }

  const known = new Set(entries.map(({ array }) => array));
  const skipped: SkippedArray[] = [];
  const unexpected: string[] = [];
  for (const name of arrays.keys()) {
    if (claimed.has(name)) continue;
    const isLeftHead = (skipHead || plan.classifier === null || options.classifier !== undefined) && (isHead(name) || isHead(name.slice(prefix.length)));
    const isSuperseded = known.has(name.slice(prefix.length)) && arrays.has(`${name}${AVERAGE}`);
    const reason = isSuperseded ? 'superseded by its moving average' : (reasonToSkip(name) ?? (isLeftHead ? 'classifier' : null));
    if (reason === null) unexpected.push(name);
    else skipped.push({ array: name, reason });
  }
  checkNormalization(plan, arrays);
  return { layout, prefix, fitted, missing, kept, misshapen, unexpected, skipped };
}

interface Recognition {
  readonly layout: LayoutName;
  readonly prefix: string;
  readonly entries: readonly LayoutEntry[];
  readonly found: number;
}

function recogniseLayout(plan: ModelPlan, arrays: NamedArrays, { layout = 'auto', prefix, classifier }: FitOptions): Recognition {
  const candidates = (layout === 'auto' ? LAYOUTS : [layout]).flatMap((name) => {
    const entries = layoutEntries(name, plan, classifier);
    return (prefix === undefined ? findPrefixes(entries, arrays) : [prefix]).map((start): Recognition => {
      const found = entries.filter(({ array }) => arrays.has(`${start}${array}`) || arrays.has(`${start}${array}${AVERAGE}`)).length;
      return { layout: name, prefix: start, entries, found };
    });
  });
  const most = Math.max(0, ...candidates.map(({ found }) => found));
  const best = candidates.filter(({ found }) => found === most);
  const [first] = best;
  // A network of another depth shares at least its first blocks.
  if (first === undefined || most < first.entries.length / 12) {
    const names = layout === 'auto' ? `${LAYOUTS.slice(0, -1).join(', ')} and ${LAYOUTS.at(-1)}` : layout;
    throw new WeightsError(`loadWeights: expected an EfficientNet with the names of ${names}, received a file of ${arrays.size} arrays${sample([...arrays.keys()])}.`);
  }
  const prefixes = best.filter((other) => other.layout === first.layout).map((other) => `'${other.prefix}'`);
  if (prefixes.length > 1) {
    throw new WeightsError(`loadWeights: the file holds the network ${prefixes.length} times, its names beginning with ${prefixes.join(', ')}. Choose one: \`prefix: ${prefixes[0]}\`.`);
  }
  return first;
}

/** What may stand before the names: wherever the stem or the top is found at a boundary. */
function findPrefixes(entries: readonly LayoutEntry[], arrays: NamedArrays): string[] {
  const marks = entries.filter(({ weight }) => /^(stem|top)_(conv\/kernel|bn\/gamma)$/.test(weight)).map(({ array }) => array);
  if (marks.some((mark) => arrays.has(mark))) return [''];
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

function isClassifier(layout: LayoutName, { classifier }: FitOptions): (name: string) => boolean {
  const starts = [classifierPrefix(layout, classifier), classifierPrefix(layout)];
  return (name) => starts.some((start) => name.startsWith(start));
}

function reasonToSkip(name: string): string | null {
  if (/(^|[./])num_batches_tracked$/.test(name)) return 'counter of training steps';
  if (/(^|\/)normalization(_\d+)?\/(mean|variance|count)$/.test(name)) return 'normalisation of pixels, checked';
  if (/^(optimizer|optimizer_state|optimizer_weights)[./]|\/(RMSProp|RMSProp_1|Momentum)$|(^|\/)global_step$/.test(name)) return 'state of the optimizer';
  return null;
}

/** timm's rule, `adapt_input_conv` in timm/models/_manipulate.py: a stem trained on RGB serves any number of channels. */
function takesOtherChannels(plan: ModelPlan, { weight, fileShape, modelShape, toModel }: LayoutEntry, { shape }: WeightArray): boolean {
  const channels = toModel[2];
  if (weight !== plan.stem[0].weights[0]?.name || channels === undefined || modelShape[2] === 3 || shape[channels] !== 3) return false;
  return sameShape(shape, fileShape.map((length, i) => (i === channels ? 3 : length)));
}

function inModelOrder(shape: readonly number[], { toModel }: LayoutEntry): readonly number[] {
  return shape.length === toModel.length ? toModel.map((axis) => shape[axis] as number) : shape;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

function sample(names: readonly string[]): string {
  return names.length === 0 ? '' : ` such as ${names.slice(0, 3).map((name) => `'${name}'`).join(', ')}`;
}
