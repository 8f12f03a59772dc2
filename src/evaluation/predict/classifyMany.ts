// Many images, classified in batches; one image: classify.ts.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, positiveInteger, signal as signalRule } from '../../core/internal.js';
import { imagesRemedy, readable } from '../../data/internal.js';
import type { Pixels } from '../../image/index.js';
import { classifyBatch, classifyRules, type Classification, type ClassifyOptions } from './classify.js';
import { checkNameOrder, checkPredictor, type Predictor } from './evaluate.js';
import { inputPreprocessing, modelInput } from './modelInput.js';

/** Options of {@link classifyMany}. */
export interface ClassifyManyOptions extends ClassifyOptions {
  /** Images predicted at once, and held in memory at most. @defaultValue 8 */
  readonly batchSize?: number | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Classifies images in batches and yields the classes of each in order, as {@link classify} returns them.
 *
 * @param images - Images of any sizes; RGB in [0, 255]. At most one batch is read ahead.
 * @throws {OptionError} when an option is unknown or impossible, or neither options nor model say how images are preprocessed.
 * @throws {ShapeError} when the model takes other channels, or returns anything but one row of classes per image.
 * @throws {DataError} when a pixel or an output of the model is not finite, or the outputs are not probabilities.
 * @throws {BackendError} when the model needs a backend and none is ready.
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
  const rules = { ...classifyRules, batchSize: positiveInteger, signal: signalRule };
  const { batchSize = 8, signal, preprocessing: given, ...each } = checkOptions(where, options, rules);
  check(where, 'images', images, readable, imagesRemedy(images));
  checkNameOrder(where, model, each.classNames);
  const preprocessing = inputPreprocessing(where, model, given);
  return answers();

  // Not the function itself: a generator would make the checks above only when its first answer is read.
  async function* answers(): AsyncGenerator<Classification[], void, undefined> {
    let waiting: Pixels[] = [];
    for await (const image of images) {
      signal?.throwIfAborted();
      waiting.push(modelInput(where, model, image, preprocessing));
      if (waiting.length < batchSize) continue;
      const full = waiting;
      waiting = [];
      yield* await classifyBatch(where, model, full, each);
    }
    signal?.throwIfAborted();
    if (waiting.length > 0) yield* await classifyBatch(where, model, waiting, each);
  }
}
