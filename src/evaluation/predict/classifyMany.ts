// Classifies many images in batches. classify.ts classifies one.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, positiveInteger, signal as signalRule } from '../../core/internal.js';
import { ensureBackend } from '../../backends/index.js';
import { imagesRemedy, readable } from '../../data/internal.js';
import type { Pixels } from '../../image/index.js';
import { trainingThreads } from '../../training/internal.js';
import type { TrainingWorkers } from '../../training/index.js';
import { classifyBatch, classifyRules, joinPixels, type Classification, type ClassifyOptions } from './classify.js';
import { foldLater, inThreads, SAMPLE } from './foldLater.js';
import { checkNameOrder } from './knownClassNames.js';
import { inputPreprocessing, modelInput } from './modelInput.js';
import { checkPredictor, type Predictor } from './predictor.js';

/** Options of {@link classifyMany}. */
export interface ClassifyManyOptions extends ClassifyOptions {
  /** Number of images to predict at once. No more than these are kept in memory. @defaultValue 8 */
  readonly batchSize?: number | undefined;
  /**
   * Threads that share every batch: `trainingWorkers()` of `effnet-ts/node`. They copy the model, or the layers models of an ensemble, with
   * BatchNormalization folded. Requires the wasm backend, and layers of this library or TensorFlow.js.
   * @defaultValue none
   */
  readonly workers?: TrainingWorkers | undefined;
  /** Aborts between images. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Classifies images in batches and yields the classes of each image in order, as {@link classify} returns them.
 *
 * After 64 images, a copy of the model with BatchNormalization folded takes over. It predicts the same except for rounding. With
 * `workers`, copies in other threads predict from the first image on.
 *
 * @param images - RGB in [0, 255], of any sizes. At most one batch is read ahead.
 * @throws {OptionError} when an option is unknown or has a wrong value, the model is disposed, or the preprocessing is unknown.
 * @throws {ShapeError} when an image does not have as many channels as the model takes, or the model does not return one row of classes per
 *   image.
 * @throws {DataError} when a pixel or an output of the model is not finite, an output is not a probability, or an image has only values in
 *   [0, 1] although the model takes [0, 255].
 * @throws {BackendError} when the model needs a backend of TensorFlow.js and none is ready.
 * @example
 * for await (const [best] of classifyMany(runtime, pictures, { batchSize: 16 })) console.log(best?.className);
 */
export function classifyMany(
  model: LayersModel | Predictor,
  images: Iterable<Pixels> | AsyncIterable<Pixels>,
  options: ClassifyManyOptions = {},
): AsyncGenerator<Classification[], void, undefined> {
  const where = 'classifyMany';
  checkPredictor(where, model);
  const rules = { ...classifyRules, batchSize: positiveInteger, workers: trainingThreads, signal: signalRule };
  const { batchSize = 8, workers, signal, preprocessing: given, ...each } = checkOptions(where, options, rules);
  check(where, 'images', images, readable, imagesRemedy(images));
  checkNameOrder(where, model, each.classNames);
  const preprocessing = inputPreprocessing(where, model, given);
  return results();

  // `classifyMany` itself is not a generator, because a generator would run the checks above only when its first result is read.
  async function* results(): AsyncGenerator<Classification[], void, undefined> {
    if (workers !== undefined) await ensureBackend();
    const faster = workers === undefined ? foldLater(model) : await inThreads(where, model, workers);
    const classified = async (batch: readonly Pixels[]): Promise<Classification[][]> => {
      const results = await classifyBatch(where, model, batch, each, faster.current());
      await faster.count(batch.length, () => tf.tensor4d(...joinPixels(batch.slice(0, SAMPLE))));
      return results;
    };
    try {
      let waiting: Pixels[] = [];
      for await (const image of images) {
        signal?.throwIfAborted();
        waiting.push(modelInput(where, model, image, preprocessing));
        if (waiting.length < batchSize) continue;
        const full = waiting;
        waiting = [];
        yield* await classified(full);
      }
      signal?.throwIfAborted();
      if (waiting.length > 0) yield* await classified(waiting);
    } finally {
      await faster.dispose();
    }
  }
}
