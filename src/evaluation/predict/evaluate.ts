// Runs a model over a dataset once and evaluates what it said. Predictions that are already there: evaluatePredictions.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  boolean,
  callable,
  check,
  checkOptions,
  type Given,
  invalid,
  oneOf,
  positiveInteger,
  rule,
  showShape,
  signal as signalRule,
  trackProgress,
} from '../../core/internal.js';
import { DataError, OptionError, ShapeError, type ProgressListener } from '../../core/index.js';
import { ensureBackend } from '../../backends/index.js';
import { areFinite } from '../../layers/internal.js';
import {
  checkBatch,
  checkImageSize,
  imagesRemedy,
  checkInputShape,
  checkLabelShape,
  collateFor,
  preprocessingOfData,
  readable,
  type InputShape,
} from '../../data/internal.js';
import type { ImageBatch, LabeledImage } from '../../data/index.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../../image/internal.js';
import type { Preprocessing } from '../../image/index.js';
import { classNamesOf } from '../../models/index.js';
import { checkInUse, modelRemedy } from '../../models/internal.js';
import { collectPredictions } from '../metrics/internal.js';
import type { Evaluation, MultiLabelEvaluation } from '../metrics/index.js';
import { finishMultiLabel, finishSingle, rulesFor, type EitherOptions } from '../metrics/internal.js';
import type { EvaluationOptions, MultiLabelEvaluationOptions } from '../metrics/index.js';

/** An output of a predictor that needs no tensors. */
export interface PredictedValues {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** A `tf.LayersModel`, or anything else that turns images into probabilities, for example a runtime. */
export interface Predictor {
  /** @param images - float32 RGB in [0, 255], `[batch, height, width, 3]`; disposed by the caller. */
  predict(images: tf.Tensor4D): tf.Tensor | tf.Tensor[] | Promise<tf.Tensor | tf.Tensor[]>;
  /** In the order of the outputs, where they are known. */
  readonly classNames?: readonly string[] | undefined;
  /** `[batch, height, width, 3]`, `null` where any length goes. */
  readonly inputShape?: readonly (number | null)[] | undefined;
  /** How images of any size become its input, where it is known. */
  readonly preprocessing?: Preprocessing | undefined;
  /**
   * Predicts from typed arrays, where the predictor needs no tensors: what takes images then needs no backend of TensorFlow.js. Outputs are
   * by name.
   *
   * @param values - float32 RGB in [0, 255], row-major.
   * @param shape - `[batch, height, width, 3]`.
   */
  readonly run?: ((values: Float32Array, shape: readonly number[]) => Promise<Readonly<Record<string, PredictedValues>>>) | undefined;
}

/** A batch with the names of its files, where they are known. */
export interface EvaluationBatch extends ImageBatch {
  readonly files?: readonly string[] | undefined;
}

/** What is evaluated: labeled images of one size, whose origins become file names, or batches, which are disposed. */
export type EvaluationData =
  AsyncIterable<LabeledImage> | AsyncIterable<EvaluationBatch> | Iterable<LabeledImage> | Iterable<EvaluationBatch>;

export const preprocessingRules = { otherPreprocessing: oneOf('throw', 'accept') };

/** Options of {@link evaluate} for one class per sample. */
export interface EvaluateOptions extends EvaluationOptions {
  /**
   * What happens when the images of the dataset were made in another way than the model says: 'throw' refuses, 'accept' evaluates all the
   * same.
   * @defaultValue 'throw'
   */
  readonly otherPreprocessing?: 'throw' | 'accept' | undefined;
  /** Images predicted at once, where they do not come in batches. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** Told after every batch. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link evaluate} for any number of classes per sample. */
export interface EvaluateMultiLabelOptions extends MultiLabelEvaluationOptions, Omit<EvaluateOptions, keyof EvaluationOptions> {}

/**
 * Evaluates a model on a dataset in one pass: accuracy, top-k, confusion matrix, scores by class, calibration, every prediction.
 *
 * Labels are class indices, one-hot rows, or for `multiLabel: true` rows of 0 and 1; class names come from the options or the model.
 *
 * A dataset that says how its images were made is compared with the preprocessing of the model, before anything is read.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value, the dataset never ends, an item is neither an image nor a batch, or
 *   the images were
 * made in another way than the model says, unless `otherPreprocessing` is 'accept'.
 * @throws {DataError} when the dataset is empty, or a label or probability cannot be one.
 * @throws {ShapeError} when the model has several outputs, the images do not have the size that it takes, or label vectors are not as wide
 *   as the outputs.
 * @example
 * const { validation, classNames } = await imageFolder('clothing', { inputSize: 224, validationSplit: 0.2 });
 * const evaluation = await evaluate(model, validation.images, { classNames });
 * console.log(classificationReport(evaluation));
 */
export async function evaluate(model: LayersModel | Predictor, data: EvaluationData, options?: EvaluateOptions): Promise<Evaluation>;
export async function evaluate(
  model: LayersModel | Predictor,
  data: EvaluationData,
  options: EvaluateMultiLabelOptions,
): Promise<MultiLabelEvaluation>;
export async function evaluate(
  model: LayersModel | Predictor,
  data: EvaluationData,
  options: EvaluateOptions | EvaluateMultiLabelOptions = {},
): Promise<Evaluation | MultiLabelEvaluation> {
  return evaluateFor('evaluate', model, data, options);
}

/** Evaluates for another function, under whose name it reports errors. */
export async function evaluateFor(
  where: string,
  model: LayersModel | Predictor,
  data: EvaluationData,
  options: EvaluateOptions | EvaluateMultiLabelOptions,
): Promise<Evaluation | MultiLabelEvaluation> {
  checkPredictor(where, model);
  const {
    multiLabel = false,
    batchSize = 32,
    onProgress,
    signal,
    fromLogits = false,
    otherPreprocessing = 'throw',
    ...rest
  } = checkRunOptions(where, options);
  check(where, 'data', data, readable, imagesRemedy(data));
  const size = (data as { readonly size?: number | undefined }).size;
  if (size === Infinity) throw invalid(where, 'data', 'a dataset that ends', data, 'Take one pass of it: `dataset.take(n)`.');
  checkImageSize(where, 'data', data, inputShapeOf(model));
  if (otherPreprocessing === 'throw') checkSamePreprocessing(where, model, data);
  checkNameOrder(where, model, rest.classNames);
  await ensureBackend();
  const collector = collectPredictions({ where, multiLabel, fromLogits });
  const report = trackProgress(onProgress, 'evaluate', 'images');
  for await (const batch of toBatches(where, data, batchSize, inputShapeOf(model))) {
    try {
      // The last batch is known by its end: it is reported with the total.
      if (collector.count > 0) report(collector.count);
      signal?.throwIfAborted();
      const { values, columns } = await predictBatch(where, model, batch.xs);
      // A model with one sigmoid output has two classes.
      checkLabelShape(where, 'data', batch.ys.shape, columns === 1 && !multiLabel ? 2 : columns, {
        allowsIndices: !multiLabel || columns === 1,
        remedy: "Read the folder with the model's `classNames`.",
      });
      collector.add(values, columns, await batch.ys.data(), batch.files);
    } finally {
      tf.dispose([batch.xs, batch.ys]);
    }
  }
  report.end(collector.count);
  const classNames = rest.classNames ?? knownClassNames(model);
  const named = { ...rest, ...(classNames === undefined ? {} : { classNames }) };
  return multiLabel ? finishMultiLabel(where, collector.finish(), named) : finishSingle(where, collector.finish(), named);
}

export const predictor = rule<LayersModel | Predictor>(
  'a model with `predict`',
  (value) => typeof (value as Predictor | null | undefined)?.predict === 'function',
);

/** @throws {OptionError} when the value does not predict, or is a model that is disposed. */
export function checkPredictor(where: string, model: unknown, option = 'model'): asserts model is LayersModel | Predictor {
  check(where, option, model, predictor, modelRemedy(model));
  if ('layers' in model) checkInUse(where, model, option);
}

/** The class names a model or runtime carries. */
export function knownClassNames(model: LayersModel | Predictor): readonly string[] | undefined {
  return 'getUserDefinedMetadata' in model ? classNamesOf(model) : model.classNames;
}

/** Throws an OptionError when names are those of the model in another order: every result would be under a wrong name. */
export function checkNameOrder(where: string, model: LayersModel | Predictor, classNames: readonly string[] | undefined): void {
  const own = knownClassNames(model);
  if (own === undefined || own.length !== classNames?.length) return;
  const place = own.findIndex((name, i) => name !== classNames[i]);
  if (place < 0 || [...own].sort().join('\n') !== [...classNames].sort().join('\n')) return;
  throw new OptionError(
    `${where}: expected \`classNames\` in the order of the model's outputs, '${own[place]}' at ${place}, ` +
      `received '${classNames[place]}' there. Leave them out: the model has its names.`,
  );
}

/** `[batch, height, width, channels]` as a model or runtime takes it, `null` where any length goes; `undefined` where it does not say. */
export function inputShapeOf(model: LayersModel | Predictor): readonly (number | null)[] | undefined {
  return 'inputs' in model ? model.inputs[0]?.shape : model.inputShape;
}

/** Throws an OptionError when both a model and data say how images are made, and differ. */
function checkSamePreprocessing(where: string, model: LayersModel | Predictor, data: EvaluationData): void {
  const [learned, given] = [preprocessingFor(where, model), preprocessingOfData(where, data)];
  if (learned === undefined || given === undefined || samePreprocessing(learned, given)) return;
  throw new OptionError(
    `${where}: expected images that are preprocessed as the model says, '${describePreprocessing(learned)}', for \`data\`, ` +
      `received '${describePreprocessing(given)}'. ` +
      "Read them with `preprocessing: model`, state the other one for the model with `setPreprocessing`, or pass `otherPreprocessing: 'accept'`.",
  );
}

/** Predicts a batch and reads the answer back: `[batch, columns]`, row-major. */
export async function predictBatch(
  where: string,
  model: LayersModel | Predictor,
  xs: tf.Tensor4D,
): Promise<{ values: Float32Array; columns: number }> {
  checkInputShape(where, 'data', xs.shape, inputShapeOf(model));
  // On wasm and in a runtime the layers may turn NaN into a number, so the outputs do not tell.
  // An async function, so that a `predict` that throws at once leaves no promise behind that nobody awaits.
  const predicted = async (): Promise<tf.Tensor | tf.Tensor[]> => (model as Predictor).predict(xs);
  const [isFinite, output] = await Promise.all([areFinite([xs]), predicted()]);
  try {
    if (!isFinite) throw new DataError(`${where}: expected images of finite pixels, received NaN or Infinity. Look at that batch.`);
    if (Array.isArray(output) || output.shape.length !== 2 || output.shape[0] !== xs.shape[0]) {
      const received = Array.isArray(output) ? `${output.length} outputs` : showShape(output.shape);
      throw new ShapeError(
        `${where}: expected a model that returns one tensor [${xs.shape[0]}, classes], received ${received}. Give it a classifier head.`,
      );
    }
    return { values: (await output.data()) as Float32Array, columns: output.shape[1] };
  } finally {
    tf.dispose(output);
  }
}

/** Throws a DataError when a number that the model answered with is not finite. */
export function checkFiniteOutputs(where: string, values: ArrayLike<number>): void {
  const broken = Array.from(values).find((value) => !Number.isFinite(value));
  if (broken !== undefined)
    throw new DataError(`${where}: expected finite outputs of the model, received ${broken}. Its weights are not finite, or too large.`);
}

function checkRunOptions(
  where: string,
  options: EvaluateOptions | EvaluateMultiLabelOptions,
): Given<EitherOptions & Omit<EvaluateOptions, keyof EvaluationOptions>> {
  const run = {
    fromLogits: boolean,
    batchSize: positiveInteger,
    onProgress: callable,
    signal: signalRule,
    ...preprocessingRules,
  };
  return checkOptions<EitherOptions & Omit<EvaluateOptions, keyof EvaluationOptions>>(where, options, {
    ...rulesFor(options),
    ...run,
  } as never);
}

async function* toBatches(where: string, data: EvaluationData, batchSize: number, inputShape: InputShape): AsyncGenerator<EvaluationBatch> {
  let waiting: LabeledImage[] = [];
  const batch = (): EvaluationBatch => {
    const images = waiting;
    waiting = [];
    const known = images.every(({ origin }) => origin !== undefined);
    return { ...collateFor(where, images), ...(known ? { files: images.map(({ origin }) => origin as string) } : {}) };
  };
  for await (const item of data as AsyncIterable<unknown>) {
    if (typeof item === 'object' && item !== null && 'pixels' in item) {
      waiting.push(item as LabeledImage);
      if (waiting.length === batchSize) yield batch();
    } else {
      checkBatch(where, 'data', item, inputShape);
      yield item as EvaluationBatch;
    }
  }
  if (waiting.length > 0) yield batch();
}
