// Random changes on a stream of labelled pictures: the same seed, epoch and picture give the same result, whatever runs beside it.

import { check, checkOptions, createRandom, deriveSeed, either, invalid, oneOf, positiveInteger, rule, seed as seedRule } from '../core/index.js';
import type { Pixels, Transform, TransformSpec } from '../image/index.js';
import { Dataset } from './Dataset.js';
import type { LabelledImage } from './imageBatches.js';

/** Other threads that change pictures: what `imageWorkers` of `effnet-ts/node` makes. */
export interface TransformWorkers {
  readonly threads: number;
  /** Applies a transform with the random numbers of a seed, in one of the threads, and leaves the given picture alone. */
  transform(pixels: Pixels, spec: TransformSpec, seed: number): Promise<Pixels>;
}

const workers = rule<TransformWorkers>('what imageWorkers() makes', (value) => typeof (value as TransformWorkers | null)?.transform === 'function');

/** How pictures are changed. */
export interface AugmentOptions {
  /** Decides, with the epoch and the picture's origin, what happens to it. @defaultValue 0 */
  readonly seed?: number;
  /** Pictures worked on at once; more than 1 pays only for transforms that leave the thread. @defaultValue 1, with workers four for each thread */
  readonly concurrency?: number | 'auto';
  /** Threads that do the work, for transforms of this library. @defaultValue none: this thread does it */
  readonly workers?: TransformWorkers;
}

/**
 * Applies a transform to every picture; its random numbers come from the seed, the epoch and the picture's origin (its position where it has none).
 *
 * @throws {OptionError} when there are workers, and a function of yours has a part in the transform.
 * @example
 * const train = augment(images, trainAugmentation('default', 224), { seed: 1 });
 */
export function augment(images: Dataset<LabelledImage>, transform: Transform, options: AugmentOptions = {}): Dataset<LabelledImage> {
  check('augment', 'images', images, rule('a Dataset of { pixels, label }', (value) => value instanceof Dataset));
  check('augment', 'transform', transform, rule('a transform', (value) => typeof (value as Transform | null)?.apply === 'function'));
  const rules = { seed: seedRule, concurrency: either(positiveInteger, oneOf('auto')), workers };
  const { seed = 0, workers: threads, concurrency = threads === undefined ? 1 : 4 * threads.threads } = checkOptions('augment', options, rules);
  const apply = threads === undefined ? here(transform) : elsewhere(transform, threads);
  return images.map(
    async (image, { epoch, index }) => ({ ...image, pixels: await apply(image.pixels, deriveSeed(seed, 'augment', epoch, image.origin ?? index)) }),
    { concurrency, varies: true },
  );
}

type Apply = (pixels: Pixels, seed: number) => Pixels | Promise<Pixels>;

function here(transform: Transform): Apply {
  return (pixels, seed) => transform.apply(pixels, createRandom(seed));
}

function elsewhere(transform: Transform, workers: TransformWorkers): Apply {
  const { spec } = transform;
  if (spec === undefined) {
    throw invalid('augment', 'transform', 'only transforms of this library, since there are workers,', transform.describe(), 'A function of your own cannot change threads: leave out workers, or give it a step of its own without them.');
  }
  return (pixels, seed) => workers.transform(pixels, spec, seed);
}
