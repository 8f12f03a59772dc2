// Loads the weights of a file into a model, and reports what happened to every array and every weight.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { allFinite, anyString, boolean, check, checkOptions, either, oneOf, rule, text } from '../core/internal.js';
import { WeightsError, type WeightsMismatch } from '../core/index.js';
import { copiesValues } from '../backends/internal.js';
import { checkModel, isFolded, variantPlanOf } from '../models/internal.js';
import { planOf } from '../models/index.js';
import { planModel, VARIANTS, type Variant } from '../scaling/index.js';
import { classifierName } from './fileClassifiers.js';
import { fitWeights, type FittedWeight, type SkippedArray } from './fitWeights.js';
import { foldHeadNorm } from './foldHeadNorm.js';
import { LAYOUTS, type LayoutName } from './layouts.js';
import { elementCount, namedArrays, type NamedArrays } from './namedArrays.js';
import { takeNotes } from './modelNotes.js';
import { namedWeightsFor, type ModelWeight } from './namedWeights.js';
import { permute } from './permute.js';
import { readWeightsFor } from './readWeights.js';
import { refuseMisfit } from './refuseMisfit.js';
import type { FitOptions } from './recognizeLayout.js';

/** Options of {@link loadWeights}. */
export interface LoadWeightsOptions extends FitOptions {
  /**
   * Whether to throw an error if weights are missing, arrays are unknown or have the wrong shape, or values are not finite. `false` loads
   * the weights that fit and lists the rest in the report.
   * @defaultValue true
   */
  readonly strict?: boolean | undefined;
}

/** Lists what happened to every array of the file and every weight of the model. */
export interface WeightsReport {
  /** The framework whose names the file uses. */
  readonly layout: LayoutName;
  /** Common prefix of all names of the network in the file. */
  readonly prefix: string;
  /** Weights that were loaded, each with the name of its array in the file. */
  readonly loaded: readonly { readonly weight: string; readonly array: string }[];
  /** Loaded weights that were adapted because the model does not take three channels. See {@link loadWeights}. */
  readonly adapted: readonly string[];
  /** Weights that are not in the file. They keep their values. */
  readonly missing: readonly string[];
  /** Weights of the classifier that keep their values because `head` is `'skip'`. */
  readonly kept: readonly string[];
  /** Arrays with the wrong shape. The corresponding weights keep their values. */
  readonly misshapen: readonly WeightsMismatch[];
  /** Arrays that do not belong to the network. */
  readonly unexpected: readonly string[];
  /** Arrays that were skipped on purpose, each with the reason. */
  readonly skipped: readonly SkippedArray[];
  /** Arrays that contain infinite values or NaN. */
  readonly notFinite: readonly string[];
}

/** Validation rules of {@link LoadWeightsOptions}. */
export const LOAD_WEIGHTS_RULES = {
  layout: oneOf('auto', ...LAYOUTS),
  prefix: anyString,
  classifier: text,
  head: oneOf('load', 'skip'),
  strict: boolean,
};

const fileBytes = rule<Uint8Array | ArrayBuffer>(
  'the bytes of a file',
  (value) => value instanceof Uint8Array || value instanceof ArrayBuffer,
);
/** Validation rule of weights: the bytes of a file, or its arrays. */
export const weightsSource = either(fileBytes, namedArrays);

/**
 * Loads the weights of a file into a model and returns a report. The naming scheme of the file is detected automatically.
 *
 * With `strict: true`, either all weights are loaded, or an error lists those that do not fit and the model stays unchanged. With
 * `strict: false`, the remaining weights keep their values and the report lists them.
 *
 * Networks with custom parts and networks composed by hand load the weights that fit by name and shape, also from files of published
 * networks. An RGB stem is summed for a model with one channel, and repeated and rescaled for any other number of channels. If the file
 * contains preprocessing settings, as files of `writeKeras` and `writeSafetensors` do, the model uses them.
 *
 * @param source - The bytes of a weight file, or the arrays that a reader returned. The model keeps no reference to them.
 * @throws {WeightsError} when the file is damaged or contains another network, or (with `strict`) when an array is missing, unknown, of
 *   the wrong shape or not finite.
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
  checkModel('loadWeights', model);
  check('loadWeights', 'source', source, weightsSource, sourceRemedy('loadWeights', source));
  checkOptions('loadWeights', options, LOAD_WEIGHTS_RULES);
  return loadWeightsFor('loadWeights', model, source, options);
}

/** Returns a sentence on how to correct what is neither the bytes of a file nor its arrays. */
export function sourceRemedy(where: string, source: unknown): string {
  if (source instanceof Promise) return 'Await the reader.';
  if (typeof source !== 'string' && !(source instanceof URL)) return '';
  return `In Node, \`${where}\` of 'effnet-ts/node' takes a path. On a page, fetch the file: \`await (await fetch(url)).arrayBuffer()\`.`;
}

/** Same as {@link loadWeights}, for another function that has checked the arguments. */
export async function loadWeightsFor(
  where: string,
  model: LayersModel,
  source: Uint8Array | ArrayBuffer | NamedArrays,
  { strict = true, ...fitOptions }: LoadWeightsOptions,
): Promise<WeightsReport> {
  await tf.ready();
  if (isFolded(model))
    throw new WeightsError(
      `${where}: expected a model with its BatchNormalization, received '${model.name}', in which it is folded. ` +
        `Load weights before \`foldBatchNorm\`.`,
    );
  const plan = planOf(model);
  const stock = variantPlanOf(model);
  const isOwn = plan.layers.length !== stock?.layers.length || plan.layers.some(({ role }) => role === 'own');
  const references = isOwn
    ? [...(Object.keys(VARIANTS) as Variant[]).map((variant) => planModel(variant)), ...(stock === undefined ? [] : [stock])]
    : [];
  const arrays =
    source instanceof Map
      ? (source as NamedArrays)
      : readWeightsFor(where, source instanceof ArrayBuffer ? new Uint8Array(source) : (source as Uint8Array));
  const { classifier } = fitOptions;
  const fit = foldHeadNorm(
    plan,
    arrays,
    fitWeights(
      where,
      plan,
      arrays,
      classifier === undefined ? fitOptions : { ...fitOptions, classifier: classifierName(arrays, classifier) },
      references,
    ),
  );
  const notFinite = fit.fitted.filter(({ array }) => !allFinite(array.values())).map(({ name }) => name);
  refuseMisfit(where, model.name, plan, arrays, fit, { strict, notFinite, isOwn, stock });

  const weights = namedWeightsFor(where, model);
  const targets = fit.fitted.map((fitted) => ({ fitted, weight: weights.get(fitted.entry.weight) }));
  const longest = Math.max(0, ...fit.fitted.map(({ array }) => elementCount(array.shape)));
  const scratch = copiesValues() ? new Float32Array(longest) : undefined;
  for (const { fitted, weight } of targets) if (weight !== undefined) assign(weight, fitted, scratch);
  const { layout, prefix, missing, kept, misshapen, unexpected, skipped } = fit;
  takeNotes(
    model,
    arrays,
    targets.some(({ fitted }) => fitted.entry.weight.startsWith('predictions/')),
  );
  return {
    layout,
    prefix,
    missing,
    kept,
    misshapen,
    unexpected,
    skipped,
    notFinite,
    loaded: fit.fitted.map(({ entry, name }) => ({ weight: entry.weight, array: name })),
    adapted: fit.fitted.filter(({ adapted }) => adapted).map(({ entry }) => entry.weight),
  };
}

function assign(weight: ModelWeight, { entry, array, adapted }: FittedWeight, scratch: Float32Array | undefined): void {
  const values = permute(array.values(), array.shape, entry.toModel, scratch);
  const fresh = tf.tidy(() => (adapted ? adaptChannels(values, entry.modelShape) : tf.tensor(values, [...entry.modelShape])));
  // `write` takes over the data of the new tensor, but the tensor itself must still be disposed.
  weight.write(fresh);
  fresh.dispose();
}

/**
 * Adapts a kernel `[h, w, 3, filters]` to another number of channels. For one channel, the channels are summed. Otherwise they are
 * repeated in turn and scaled so that their sum stays the same.
 */
function adaptChannels(values: Float32Array, [height = 0, width = 0, channels = 0, filters = 0]: readonly number[]): tf.Tensor {
  const kernel = tf.tensor4d(values, [height, width, 3, filters]);
  if (channels === 1) return tf.sum(kernel, 2, true);
  const repeated = tf.gather(
    kernel,
    tf.tensor1d(
      Array.from({ length: channels }, (_, i) => i % 3),
      'int32',
    ),
    2,
  );
  return tf.mul(repeated, 3 / channels);
}
