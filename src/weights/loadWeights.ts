// Puts the weights of a file into a model, all or nothing, and accounts for every array on both sides.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { allFinite, boolean, check, checkOptions, oneOf, showShape, text, rule, WeightsError, type WeightsMismatch } from '../core/index.js';
import { copiesValues } from '../layers/index.js';
import { planOf } from '../models/index.js';
import type { ModelPlan } from '../scaling/index.js';
import { classifierName, fileClassifiers } from './fileClassifiers.js';
import { fitWeights, scopesAround, type Fit, type FittedWeight, type SkippedArray } from './fitWeights.js';
import { foldHeadNorm } from './foldHeadNorm.js';
import { identifyVariant } from './identifyVariant.js';
import { LAYOUTS, type LayoutName } from './layouts.js';
import { elementCount, type NamedArrays } from './namedArrays.js';
import { takeNotes } from './modelNotes.js';
import { namedWeights, type ModelWeight } from './namedWeights.js';
import { permute } from './permute.js';
import { readWeights } from './readWeights.js';
import type { FitOptions } from './recognizeLayout.js';

/** How weights are loaded. */
export interface LoadWeightsOptions extends FitOptions {
  /**
   * `false` loads what fits although weights are missing, arrays unknown or misshapen, or numbers not finite; the report lists them.
   * @defaultValue true
   */
  readonly strict?: boolean | undefined;
}

/** What became of every array of the file and every weight of the model. */
export interface WeightsReport {
  /** Whose names the file has. */
  readonly layout: LayoutName;
  /** What all names of the network in the file begin with. */
  readonly prefix: string;
  /** Weights that were loaded, each with its array in the file. */
  readonly loaded: readonly { readonly weight: string; readonly array: string }[];
  /** Loaded weights that were summed or repeated because the model does not take three channels. */
  readonly adapted: readonly string[];
  /** Weights the file does not hold; they stay as they were. */
  readonly missing: readonly string[];
  /** Weights of the classifier that stay as they were because `head` is `'skip'`. */
  readonly kept: readonly string[];
  /** Arrays whose shape does not fit; their weights stay as they were. */
  readonly misshapen: readonly WeightsMismatch[];
  /** Arrays that belong to nothing known. */
  readonly unexpected: readonly string[];
  /** Arrays left out on purpose, each with the reason. */
  readonly skipped: readonly SkippedArray[];
  /** Arrays that hold numbers that are infinite or none (NaN). */
  readonly notFinite: readonly string[];
}

const RULES = {
  layout: oneOf('auto', ...LAYOUTS),
  prefix: rule<string>('a string', (value) => typeof value === 'string'),
  classifier: text,
  head: oneOf('load', 'skip'),
  strict: boolean,
};

const layersModel = rule<LayersModel>('a layers model, such as efficientNet makes', (value) => typeof (value as Partial<LayersModel> | null | undefined)?.getUserDefinedMetadata === 'function');
const weightsSource = rule<Uint8Array | ArrayBuffer | NamedArrays>('the bytes of a file, or the arrays that a reader returned', (value) =>
  value instanceof Map || value instanceof Uint8Array || value instanceof ArrayBuffer);

/**
 * Loads weights into a model of {@link efficientNet}: from any framework's names, told by themselves. Either all of them are loaded, or
 * an error says which do not fit and the model stays as it was. Where the file says how its model preprocesses images, as the
 * files of `writeKeras` and `writeSafetensors` do, this model does so, too.
 *
 * @param source - A whole weight file, or the arrays some reader returned. Neither is needed afterwards.
 * @throws {WeightsError} when the file is damaged, holds another network, or (with `strict`) anything is missing, unknown, misshapen or
 * not finite.
 * @example
 * const model = efficientNet('lite0');
 * const response = await fetch('efficientnet-lite0.safetensors');
 * const report = await loadWeights(model, new Uint8Array(await response.arrayBuffer()));
 * report.layout // 'lukemelas'
 */
export async function loadWeights(
  model: LayersModel,
  source: Uint8Array | ArrayBuffer | NamedArrays,
  options: LoadWeightsOptions = {},
): Promise<WeightsReport> {
  const { strict = true, ...fitOptions } = checkOptions('loadWeights', options, RULES);
  check('loadWeights', 'model', model, layersModel);
  check('loadWeights', 'source', source, weightsSource, source instanceof Promise ? 'Await the reader.' : '');
  await tf.ready();
  const plan = planOf(model);
  const arrays = source instanceof Map ? (source as NamedArrays) : readWeights(source instanceof ArrayBuffer ? new Uint8Array(source) : (source as Uint8Array));
  const { classifier } = fitOptions;
  const fit = foldHeadNorm(plan, arrays, fitWeights(plan, arrays, classifier === undefined ? fitOptions : { ...fitOptions, classifier: classifierName(arrays, classifier) }));
  const notFinite = fit.fitted.filter(({ array }) => !allFinite(array.values())).map(({ name }) => name);
  refuseMisfit(model.name, plan, arrays, fit, { strict, notFinite });

  const weights = namedWeights(model);
  const targets = fit.fitted.map((fitted) => ({ fitted, weight: weights.get(fitted.entry.weight) }));
  const lost = targets.find(({ weight }) => weight === undefined)?.fitted.entry.weight;
  if (lost !== undefined) throw new WeightsError(`loadWeights: '${model.name}' has no weight '${lost}'. Load weights before BatchNormalization is folded.`);
  const longest = Math.max(0, ...fit.fitted.map(({ array }) => elementCount(array.shape)));
  const scratch = copiesValues() ? new Float32Array(longest) : undefined;
  for (const { fitted, weight } of targets) if (weight !== undefined) assign(weight, fitted, scratch);
  const { layout, prefix, missing, kept, misshapen, unexpected, skipped } = fit;
  takeNotes(model, arrays, targets.some(({ fitted }) => fitted.entry.weight.startsWith('predictions/')));
  return {
    layout, prefix, missing, kept, misshapen, unexpected, skipped, notFinite,
    loaded: fit.fitted.map(({ entry, name }) => ({ weight: entry.weight, array: name })),
    adapted: fit.fitted.filter(({ adapted }) => adapted).map(({ entry }) => entry.weight),
  };
}

function assign(weight: ModelWeight, { entry, array, adapted }: FittedWeight, scratch: Float32Array | undefined): void {
  const values = permute(array.values(), array.shape, entry.toModel, scratch);
  const fresh = tf.tidy(() => (adapted ? adaptChannels(values, entry.modelShape) : tf.tensor(values, [...entry.modelShape])));
  // A write takes the fresh tensor's data over; its handle is ours to dispose.
  weight.write(fresh);
  fresh.dispose();
}

/** `[h, w, 3, filters]` to another number of channels: summed for one, else repeated in turn and scaled so that sums stay. */
function adaptChannels(values: Float32Array, [height = 0, width = 0, channels = 0, filters = 0]: readonly number[]): tf.Tensor {
  const kernel = tf.tensor4d(values, [height, width, 3, filters]);
  if (channels === 1) return tf.sum(kernel, 2, true);
  const repeated = tf.gather(kernel, tf.tensor1d(Array.from({ length: channels }, (_, i) => i % 3), 'int32'), 2);
  return tf.mul(repeated, 3 / channels);
}

function refuseMisfit(
  model: string, plan: ModelPlan, arrays: NamedArrays, fit: Fit, { strict, notFinite }: { strict: boolean; notFinite: readonly string[] },
): void {
  const { missing, misshapen, unexpected, fitted } = fit;
  const total = plan.layers.flatMap(({ weights }) => weights).length;
  const isMostlyForeign = fitted.length < total / 2;
  if (!strict && !isMostlyForeign) return;
  if (missing.length + misshapen.length + unexpected.length > 0) {
    const held = identifyVariant(arrays, fit.layout, fit.prefix);
    const own = plan.layers.flatMap(({ weights }) => weights).filter(({ name }) => !name.startsWith('predictions/')).length;
    const isOther = held !== null && (held.weights !== own || misshapen.some(({ weight }) => !weight.startsWith('predictions/')));
    const what = isOther ? [`the file holds '${held.variant}', another network than '${model}'`] : [];
    if (misshapen.length > 0) what.push(`${misshapen.length} of ${total} weights do not fit: ${some(misshapen, showMismatch)}`);
    if (missing.length > 0 && !isOther) what.push(`the file lacks ${missing.length} of ${total} weights: ${some(missing, quote)}`);
    if (unexpected.length > 0 && !isOther) what.push(`${unexpected.length} of the file's arrays have no place in the model: ${some(unexpected, quote)}`);
    throw new WeightsError(`loadWeights: ${what.join('; ')}.${remedy(plan, arrays, fit, isOther)}`, { mismatches: misshapen });
  }
  if (notFinite.length > 0) {
    throw new WeightsError(`loadWeights: ${notFinite.length} of the file's arrays hold numbers that are infinite or none (NaN): ${some(notFinite, quote)}. Pass \`strict: false\` to load them all the same.`);
  }
}

function remedy(plan: ModelPlan, arrays: NamedArrays, { prefix, missing, misshapen, unexpected }: Fit, isOther: boolean): string {
  if (isOther) return ' Build that network, or find the file of this one.';
  const isHead = (weight: string): boolean => weight.startsWith('predictions/');
  if (missing.length === 0 && unexpected.length === 0 && misshapen.every(({ weight }) => isHead(weight))) {
    return " Pass `head: 'skip'` to keep the model's own classifier, or build the model with the file's number of classes.";
  }
  if (misshapen.length === 0 && missing.length > 0 && missing.every(isHead)) return ` ${classifierRemedy(plan, arrays, scopesAround(prefix))}`;
  return ' Pass `strict: false` to load what fits.';
}

/** What to do where the classifier is not under the name it was sought by. */
function classifierRemedy({ classifier }: ModelPlan, arrays: NamedArrays, scopes: readonly string[]): string {
  const keepOwn = "`head: 'skip'` to keep the model's own classifier";
  const [features, classes] = [classifier?.inputShape[2], classifier?.outputShape[2]];
  // Within the innermost scope, so that what lies beside the network stays outside.
  const dense = fileClassifiers(arrays).map((layer) => ({ ...layer, name: layer.name.slice(scopes.find((scope) => layer.name.startsWith(scope))?.length) }));
  const [first, second] = dense;
  if (first === undefined) return `Pass ${keepOwn}, or build the model with \`includeTop: false\`.`;
  const shown = dense.map((layer) => `'${layer.name}' (${layer.features} features to ${layer.classes})`).join(', ');
  const heads = dense.filter((layer) => layer.features === features);
  const fitting = heads.filter((layer) => layer.classes === classes);
  const [head] = fitting;
  if (head !== undefined && second === undefined) return `The file's dense layer is ${shown}. Pass \`classifier: '${head.name}'\` to load it, or ${keepOwn}.`;
  if (head !== undefined) {
    const choices = fitting.map(({ name }) => `\`classifier: '${name}'\``).join(' or ');
    return `The file's dense layers are ${shown}. Choose ${choices}, with \`strict: false\` to leave out the others, or pass ${keepOwn}.`;
  }
  if (heads[0] !== undefined && second === undefined) {
    return `The file's dense layer is ${shown}. Build the model with \`classes: ${heads[0].classes}\` and pass \`classifier: '${heads[0].name}'\`, or pass ${keepOwn}.`;
  }
  return `The file's dense layers are ${shown}; the model has one of ${features} features to ${classes}. Pass ${keepOwn}.`;
}

const quote = (name: string): string => `'${name}'`;

function showMismatch({ weight, modelShape, fileShape }: WeightsMismatch): string {
  return `'${weight}': model ${showShape(modelShape)}, file ${showShape(fileShape)}`;
}

/** The first few in words. */
function some<T>(items: readonly T[], show: (item: T) => string): string {
  const shown = items.slice(0, 3).map(show).join('; ');
  return items.length > 3 ? `${shown} and ${items.length - 3} more` : shown;
}
