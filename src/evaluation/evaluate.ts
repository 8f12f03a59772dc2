// Runs a model over a dataset once and evaluates what it said. Predictions that are already there: evaluatePredictions.ts.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  boolean, callable, check, checkOptions, DataError, instanceOf, invalid, oneOf, OptionError, positiveInteger, rule, ShapeError, showShape, trackProgress, type Given, type ProgressListener,
} from '../core/index.js';
import { areFinite } from '../layers/index.js';
import { collate, Dataset, type ImageBatch, type LabeledImage } from '../data/index.js';
import { describePreprocessing, preprocessingFor, samePreprocessing, type Preprocessing } from '../image/index.js';
import { classNamesOf } from '../models/index.js';
import { collectPredictions } from './collectPredictions.js';
import type { Evaluation, MultiLabelEvaluation } from './evaluation.js';
import {
  finishMultiLabel, finishSingle, rulesFor, type EitherOptions, type EvaluationOptions, type MultiLabelEvaluationOptions,
} from './evaluatePredictions.js';

/** A `tf.LayersModel`, or anything else that turns pictures into probabilities, for example a runtime. */
export interface Predictor {
  /** @param images - float32 RGB in [0, 255], `[batch, height, width, 3]`; disposed by the caller. */
  predict(images: tf.Tensor4D): tf.Tensor | tf.Tensor[] | Promise<tf.Tensor | tf.Tensor[]>;
  /** In the order of the outputs, where they are known. */
  readonly classNames?: readonly string[] | undefined;
  /** `[batch, height, width, 3]`, `null` where any length goes. */
  readonly inputShape?: readonly (number | null)[] | undefined;
  /** How images become its input, where that is known. */
  readonly preprocessing?: Preprocessing | undefined;
}

/** A batch with the names of its files, where they are known. */
export interface EvaluationBatch extends ImageBatch {
  readonly files?: readonly string[] | undefined;
}

/** What is evaluated: labeled pictures of one size, whose origins become file names, or batches, which are disposed. */
export type EvaluationData = AsyncIterable<LabeledImage> | AsyncIterable<EvaluationBatch> | Iterable<LabeledImage> | Iterable<EvaluationBatch>;

interface RunOptions {
  /** Pictures predicted at once, where they do not come in batches. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /** What happens when the data tells that its images were made in another way than those the model learned from. @defaultValue 'throw' */
  readonly otherPreprocessing?: 'throw' | 'accept' | undefined;
  /** Told after every batch. @defaultValue nobody */
  readonly onProgress?: ProgressListener | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link evaluate} for one class per sample. */
export interface EvaluateOptions extends EvaluationOptions, RunOptions {}

/** Options of {@link evaluate} for any number of classes per sample. */
export interface EvaluateMultiLabelOptions extends MultiLabelEvaluationOptions, RunOptions {}

/**
 * Evaluates a model on a dataset in one pass: accuracy, top-k, confusion matrix, scores by class, calibration, every prediction.
 *
 * Labels are class indices, one-hot rows, or for `multiLabel: true` rows of 0 and 1; class names come from the options or the model.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value, the dataset never ends, or its images were made in another way than those the
 * model learned from.
 * @throws {DataError} when the dataset is empty, or a label or probability cannot be one.
 * @throws {ShapeError} when the model has several outputs, or pictures differ in size.
 * @example
 * const { validation, classNames } = await imageFolder('clothing', { inputSize: 224, validationSplit: 0.2 });
 * const evaluation = await evaluate(model, validation.images, { classNames });
 * console.log(classificationReport(evaluation));
 */
export async function evaluate(model: LayersModel | Predictor, data: EvaluationData, options?: EvaluateOptions): Promise<Evaluation>;
export async function evaluate(model: LayersModel | Predictor, data: EvaluationData, options: EvaluateMultiLabelOptions): Promise<MultiLabelEvaluation>;
export async function evaluate(
  model: LayersModel | Predictor,
  data: EvaluationData,
  options: EvaluateOptions | EvaluateMultiLabelOptions = {},
): Promise<Evaluation | MultiLabelEvaluation> {
  const where = 'evaluate';
  check(where, 'model', model, predictor);
  const { multiLabel = false, batchSize = 32, onProgress, signal, fromLogits = false, otherPreprocessing = 'throw', ...rest } = checkRunOptions(options);
  const size = (data as { readonly size?: number | undefined }).size;
  if (size === Infinity) throw invalid(where, 'data', 'a dataset that ends', data, 'Take one pass of it: `dataset.take(n)`.');
  if (otherPreprocessing === 'throw') checkSamePreprocessing(where, model, data);
  const collector = collectPredictions({ where, multiLabel, fromLogits });
  const report = trackProgress(onProgress, 'evaluate', 'images');
  for await (const batch of toBatches(data, batchSize)) {
    // The last batch is known by its end: it is reported with the total.
    if (collector.count > 0) report(collector.count);
    try {
      signal?.throwIfAborted();
      const { values, columns } = await predictBatch(where, model, batch.xs);
      collector.add(values, columns, await batch.ys.data(), batch.files);
    } finally {
      tf.dispose([batch.xs, batch.ys]);
    }
  }
  report.end(collector.count);
  const classNames = rest.classNames ?? knownClassNames(model);
  const named = { ...rest, ...(classNames === undefined ? {} : { classNames }) };
  return multiLabel
    ? finishMultiLabel(where, collector.finish(), named)
    : finishSingle(where, collector.finish(), named);
}

export const predictor = rule<LayersModel | Predictor>('a model with `predict`', (value) => typeof (value as Predictor | null)?.predict === 'function');

/** The class names a model or runtime carries. */
export function knownClassNames(model: LayersModel | Predictor): readonly string[] | undefined {
  return 'getUserDefinedMetadata' in model ? classNamesOf(model) : model.classNames;
}

/** `[batch, height, width, channels]` as a model or runtime takes it, `null` where any length goes; `undefined` where it does not say. */
export function inputShapeOf(model: LayersModel | Predictor): readonly (number | null)[] | undefined {
  return 'inputs' in model ? model.inputs[0]?.shape : model.inputShape;
}

/** Predicts a batch and reads the answer back: `[batch, columns]`, row-major. */
export async function predictBatch(where: string, model: Predictor, xs: tf.Tensor4D): Promise<{ values: Float32Array; columns: number }> {
  // On wasm and in a runtime the layers may turn NaN into a number, so the outputs do not tell.
  const [isFinite, output] = await Promise.all([areFinite([xs]), model.predict(xs)]);
  try {
    if (!isFinite) throw new DataError(`${where}: expected images of finite pixels, received NaN or Infinity. Look at that batch.`);
    if (Array.isArray(output) || output.shape.length !== 2 || output.shape[0] !== xs.shape[0]) {
      const received = Array.isArray(output) ? `${output.length} outputs` : showShape(output.shape);
      throw new ShapeError(`${where}: expected a model that returns one tensor [${xs.shape[0]}, classes], received ${received}. Give it a classifier head.`);
    }
    return { values: (await output.data()) as Float32Array, columns: output.shape[1] };
  } finally {
    tf.dispose(output);
  }
}

/** Throws a DataError when a number that the model answered with is not finite. */
export function checkFiniteOutputs(where: string, values: ArrayLike<number>): void {
  const broken = Array.from(values).find((value) => !Number.isFinite(value));
  if (broken !== undefined) throw new DataError(`${where}: expected finite outputs of the model, received ${broken}. Its weights are not finite, or too large.`);
}

function checkRunOptions(options: EvaluateOptions | EvaluateMultiLabelOptions): Given<EitherOptions & RunOptions> {
  const run = { fromLogits: boolean, otherPreprocessing: oneOf('throw', 'accept'), batchSize: positiveInteger, onProgress: callable, signal: instanceOf(AbortSignal, 'an AbortSignal') };
  return checkOptions<EitherOptions & RunOptions>('evaluate', options, { ...rulesFor(options), ...run } as never);
}

/** Throws when both model and data tell how images are made, and they differ. */
function checkSamePreprocessing(where: string, model: LayersModel | Predictor, data: EvaluationData): void {
  const [own, given] = [preprocessingFor(where, model), data instanceof Dataset ? data.preprocessing : undefined];
  if (own === undefined || given === undefined || samePreprocessing(own, given)) return;
  throw new OptionError(
    `${where}: expected images as the model takes them ('${describePreprocessing(own)}'), received images made by '${describePreprocessing(given)}'. ` +
      "Read them with the same options, or set `otherPreprocessing: 'accept'`.");
}

async function* toBatches(data: EvaluationData, batchSize: number): AsyncGenerator<EvaluationBatch> {
  let waiting: LabeledImage[] = [];
  const batch = (): EvaluationBatch => {
    const images = waiting;
    waiting = [];
    const known = images.every(({ origin }) => origin !== undefined);
    return { ...collate(images), ...(known ? { files: images.map(({ origin }) => origin as string) } : {}) };
  };
  for await (const item of data) {
    if ('xs' in item) {
      yield item;
    } else {
      waiting.push(item);
      if (waiting.length === batchSize) yield batch();
    }
  }
  if (waiting.length > 0) yield batch();
}
