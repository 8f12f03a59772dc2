// Many pictures, named in batches; one picture: classify.ts.

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, checkOptions, instanceOf, positiveInteger } from '../core/index.js';
import type { Pixels } from '../image/index.js';
import { classifyBatch, classifyRules, fitPicture, type Classification, type ClassifyOptions } from './classify.js';
import { predictor, type Predictor } from './evaluate.js';

/** Options of {@link classifyMany}. */
export interface ClassifyManyOptions extends ClassifyOptions {
  /** Pictures predicted at once, and held at most. @defaultValue 8 */
  readonly batchSize?: number | undefined;
  /** Stops the work. @defaultValue never */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Names what pictures show, in their order, predicting several at once; a stream as long as theirs, and no more of it held than a batch.
 *
 * @param images - Pictures of any sizes; RGB in [0, 255]. Taken only as fast as answers are.
 * @throws {OptionError} when an option is unknown or impossible. {@link ShapeError} when model and picture do not go together.
 * @throws {DataError} when a pixel or an output of the model is not finite.
 * @example
 * for await (const [best] of classifyMany(runtime, pictures, { batchSize: 16 })) console.log(best?.className);
 */
export async function* classifyMany(
  model: LayersModel | Predictor,
  images: Iterable<Pixels> | AsyncIterable<Pixels>,
  options: ClassifyManyOptions = {},
): AsyncGenerator<Classification[], void, undefined> {
  const where = 'classifyMany';
  check(where, 'model', model, predictor);
  checkOptions(where, options, { ...classifyRules, batchSize: positiveInteger, signal: instanceOf(AbortSignal, 'an AbortSignal') });
  const { batchSize = 8, signal, ...each } = options;
  let waiting: Pixels[] = [];
  for await (const image of images) {
    signal?.throwIfAborted();
    waiting.push(fitPicture(where, model, image, each));
    if (waiting.length < batchSize) continue;
    const full = waiting;
    waiting = [];
    yield* await classifyBatch(where, model, full, each);
  }
  signal?.throwIfAborted();
  if (waiting.length > 0) yield* await classifyBatch(where, model, waiting, each);
}
