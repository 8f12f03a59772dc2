// Runs a model on a dataset and evaluates its predictions. evaluatePredictions.ts evaluates predictions that have already been computed.

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
  signal as signalRule,
  trackProgress,
} from '../../core/internal.js';
import { OptionError, type ProgressListener } from '../../core/index.js';
import { ensureBackend } from '../../backends/index.js';
import {
  checkBatch,
  checkImageSize,
  imagesRemedy,
  checkLabelShape,
  collateFor,
  preprocessingOfData,
  readable,
  type InputShape,
} from '../../data/internal.js';
import type { ImageBatch, LabeledImage } from '../../data/index.js';
import { describePreprocessing, preprocessingFor, samePreprocessing } from '../../image/internal.js';
import { trainingThreads } from '../../training/internal.js';
import type { TrainingWorkers } from '../../training/index.js';
import { collectPredictions } from '../metrics/internal.js';
import type { Evaluation, MultiLabelEvaluation } from '../metrics/index.js';
import { finishMultiLabel, finishSingle, rulesFor, type EitherOptions } from '../metrics/internal.js';
import type { EvaluationOptions, MultiLabelEvaluationOptions } from '../metrics/index.js';
import { checkBatchRange } from './checkPixelRange.js';
import { foldLater, inThreads, SAMPLE } from './foldLater.js';
import { inputShapeOf } from './inputShapeOf.js';
import { checkNameOrder, knownClassNames } from './knownClassNames.js';
import { predictBatch } from './predictBatch.js';
import { checkPredictor, type Predictor } from './predictor.js';

/** A batch of images and labels, with the names of the image files if they are known. */
export interface EvaluationBatch extends ImageBatch {
  readonly files?: readonly string[] | undefined;
}

/**
 * The data to evaluate on: labeled images of one size, or batches. The origins of images become file names. Batches are disposed after use.
 */
export type EvaluationData =
  AsyncIterable<LabeledImage> | AsyncIterable<EvaluationBatch> | Iterable<LabeledImage> | Iterable<EvaluationBatch>;

export const preprocessingRules = { otherPreprocessing: oneOf('throw', 'accept') };

/** Options of {@link evaluate} for one class per sample. */
export interface EvaluateOptions extends EvaluationOptions {
  /**
   * What to do if the images of the dataset seem to be preprocessed differently from what the model requires: throw an error, or evaluate
   * anyway.
   * @defaultValue 'throw'
   */
  readonly otherPreprocessing?: 'throw' | 'accept' | undefined;
  /** Number of images to predict at once, if the data consists of single images. @defaultValue 32 */
  readonly batchSize?: number | undefined;
  /**
   * Threads that share every batch: `trainingWorkers()` of `effnet-ts/node`. They copy the model, or the layers models of an ensemble, with
   * BatchNormalization folded. Requires the wasm backend, and layers of this library or TensorFlow.js.
   * @defaultValue none
   */
  readonly workers?: TrainingWorkers | undefined;
  /** Called after every batch. @defaultValue none */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborts the evaluation. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link evaluate} for any number of classes per sample. */
export interface EvaluateMultiLabelOptions extends MultiLabelEvaluationOptions, Omit<EvaluateOptions, keyof EvaluationOptions> {}

/**
 * Evaluates a model on a dataset in one pass. Returns the accuracy, top-k accuracy, confusion matrix, scores per class, calibration and
 * every prediction.
 *
 * Labels are class indices, one-hot rows or, with `multiLabel: true`, rows of 0 and 1. Class names come from the options or the model.
 *
 * If the preprocessing of the dataset is known, it is compared with that of the model before any image is read.
 *
 * After 64 images, a copy of the model with BatchNormalization folded takes over, as `foldBatchNorm` returns it. It predicts the same
 * except for rounding. With `workers`, copies in other threads predict from the first image on.
 *
 * @param data - float32 or uint8 RGB in [0, 255], of the size that the model takes.
 * @throws {OptionError} when an option is unknown or has a wrong value, the model is disposed, the dataset never ends, an item is neither
 *   an image nor a batch, or the preprocessing of the dataset differs from that of the model.
 * @throws {DataError} when the dataset is empty, a label is not a class, an output is not a probability, a pixel is not finite, or the
 *   first batch has only values in [0, 1] although the model takes [0, 255].
 * @throws {ShapeError} when the model has several outputs, the images do not have the size that the model takes, or the width of label
 *   vectors differs from the number of outputs.
 * @throws {BackendError} when no backend of TensorFlow.js is ready, or one of the `workers` ends.
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

/** Same as {@link evaluate}. Errors begin with `where`, the function that the user called. */
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
    workers,
    onProgress,
    signal,
    fromLogits = false,
    otherPreprocessing = 'throw',
    ...rest
  } = checkRunOptions(where, options);
  check(where, 'data', data, readable, imagesRemedy(data));
  const size = (data as { readonly size?: number | undefined }).size;
  if (size === Infinity) throw invalid(where, 'data', 'a dataset that ends', data, 'Take a part of it: `dataset.take(n)`.');
  checkImageSize(where, 'data', data, inputShapeOf(model));
  if (otherPreprocessing === 'throw') checkSamePreprocessing(where, model, data);
  checkNameOrder(where, model, rest.classNames);
  await ensureBackend();
  const collector = collectPredictions({ where, multiLabel, fromLogits });
  const report = trackProgress(onProgress, 'evaluate', 'images');
  const faster = workers === undefined ? foldLater(model) : await inThreads(where, model, workers);
  try {
    for await (const batch of toBatches(where, data, batchSize, inputShapeOf(model))) {
      try {
        // Reported here rather than after the batch, because the last batch is reported with the total.
        if (collector.count > 0) report(collector.count);
        signal?.throwIfAborted();
        if (collector.count === 0 && otherPreprocessing === 'throw') await checkBatchRange(where, model, batch.xs);
        const { values, columns } = await predictBatch(where, faster.current(), batch.xs);
        // A model with one sigmoid output has two classes.
        checkLabelShape(where, 'data', batch.ys.shape, columns === 1 && !multiLabel ? 2 : columns, {
          allowsIndices: !multiLabel || columns === 1,
          remedy: "Read the folder with the model's `classNames`.",
        });
        collector.add(values, columns, await batch.ys.data(), batch.files);
        await faster.count(batch.xs.shape[0], () => tf.slice(batch.xs, 0, Math.min(SAMPLE, batch.xs.shape[0])));
      } finally {
        tf.dispose([batch.xs, batch.ys]);
      }
    }
  } finally {
    await faster.dispose();
  }
  report.end(collector.count);
  const classNames = rest.classNames ?? knownClassNames(model);
  const named = { ...rest, classNames };
  return multiLabel ? finishMultiLabel(where, collector.finish(), named) : finishSingle(where, collector.finish(), named);
}

/** @throws {OptionError} when the preprocessing of the model and of the data are both known and differ. */
function checkSamePreprocessing(where: string, model: LayersModel | Predictor, data: EvaluationData): void {
  const [required, given] = [preprocessingFor(where, model), preprocessingOfData(where, data)];
  if (required === undefined || given === undefined || samePreprocessing(required, given)) return;
  throw new OptionError(
    `${where}: expected images with the preprocessing of the model, '${describePreprocessing(required)}', for \`data\`, ` +
      `received '${describePreprocessing(given)}'. ` +
      "Read them with `preprocessing: model`, change that of the model with `setPreprocessing`, or pass `otherPreprocessing: 'accept'`.",
  );
}

function checkRunOptions(
  where: string,
  options: EvaluateOptions | EvaluateMultiLabelOptions,
): Given<EitherOptions & Omit<EvaluateOptions, keyof EvaluationOptions>> {
  const run = {
    fromLogits: boolean,
    batchSize: positiveInteger,
    workers: trainingThreads,
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
    return { ...collateFor(where, images), files: known ? images.map(({ origin }) => origin as string) : undefined };
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
