// Random changes on a stream of labeled images: the same seed, epoch and image give the same result, whatever runs beside it.

import {
  check,
  checkOptions,
  createRandom,
  deriveSeed,
  either,
  invalid,
  oneOf,
  positiveInteger,
  record,
  rule,
  seed as seedRule,
} from '../core/internal.js';
import { giveBack } from '../image/internal.js';
import type { CompletePreprocessing, Pixels, Transform } from '../image/index.js';
import { Dataset } from './Dataset.js';
import { checkOwnItem } from './imageBatches.js';
import type { LabeledImage } from './labeledImage.js';
import { located, type ItemContext } from './operators.js';
import type { ImageChange } from './traits.js';

/** Threads that change images: what `imageWorkers` of `effnet-ts/node` makes. */
export interface TransformWorkers {
  readonly threads: number;
  /** Changes an image in one of the threads and leaves the given one alone. @internal */
  transform(image: Pixels, change: ImageChange): Promise<Pixels>;
}

const workers = rule<TransformWorkers>('what imageWorkers() makes', (value) => {
  const { threads, transform } = (value ?? {}) as Partial<TransformWorkers>;
  return positiveInteger.accepts(threads) && typeof transform === 'function';
});
// Functions have a method called apply, too.
const transformRule = rule<Transform>(
  'a transform',
  (value) =>
    record.accepts(value) && typeof (value as Transform).apply === 'function' && typeof (value as Transform).describe === 'function',
);

/** How pictures are changed. */
export interface AugmentOptions {
  /** Decides, with the epoch and the picture's origin, what happens to it. @defaultValue 0 */
  readonly seed?: number | undefined;
  /**
   * Pictures worked on at once; more than 1 pays only for transforms that leave the thread.
   *
   * @defaultValue 1; with workers four for each thread, and pictures the same threads read are read and changed in one go
   */
  readonly concurrency?: number | 'auto' | undefined;
  /** Threads that do the work, for transforms of this library. @defaultValue none: this thread does it */
  readonly workers?: TransformWorkers | undefined;
}

/**
 * Applies a transform to every image; its random numbers come from the seed, the epoch and the image's origin (its position where it has
 * none).
 *
 * The result has the `preprocessing` of the given images where the transform keeps the size, and that of the transform where the images
 * have their original sizes. Otherwise it is unknown: state it with `withPreprocessing`.
 *
 * @throws {OptionError} when there are workers, and a function of yours has a part in the transform; while iterating, for an item that is
 *   not a labeled image.
 * @throws {DataError} while iterating, naming the image, when the transform fails.
 * @example
 * const train = augment(images, trainAugmentation('default', 224), { seed: 1 });
 */
export function augment(images: Dataset<LabeledImage>, transform: Transform, options: AugmentOptions = {}): Dataset<LabeledImage> {
  check(
    'augment',
    'images',
    images,
    rule('a Dataset of { pixels, label }', (value) => value instanceof Dataset),
  );
  check('augment', 'transform', transform, transformRule);
  const rules = { seed: seedRule, concurrency: either(positiveInteger, oneOf('auto')), workers };
  const { seed = 0, workers: threads, concurrency } = checkOptions('augment', options, rules);
  const { spec } = transform;
  // A function of the caller's may keep what it is given and what it returns.
  const ours = spec !== undefined && images.traits.isReaderOnlyOwner;
  const seedOf = (origin: string | number, epoch: number): number => deriveSeed(seed, 'augment', epoch, origin);
  if (threads === undefined) return changedBy((pixels, own) => transform.apply(pixels, createRandom(own)), 1);
  if (spec === undefined) {
    throw invalid(
      'augment',
      'transform',
      'only transforms of this library, since there are workers,',
      transform.describe(),
      'A function of your own cannot change threads: leave out workers, or give it a step of its own without them.',
    );
  }
  const together =
    concurrency === undefined
      ? images.traits.readChanged?.(threads, (origin, epoch) => ({ spec, seed: seedOf(origin, epoch) }))
      : undefined;
  if (together !== undefined) return known(together);
  return changedBy((pixels, own) => threads.transform(pixels, { spec, seed: own }), 4 * threads.threads);

  function changedBy(apply: (pixels: Pixels, seed: number) => Pixels | Promise<Pixels>, atOnce: number): Dataset<LabeledImage> {
    const changed = images.map(
      async (image, context) => {
        const pixels = await change(image, context, apply);
        if (ours) giveBack(image.pixels.data, pixels.data);
        return { ...image, pixels };
      },
      { concurrency: concurrency ?? atOnce, varies: true },
    );
    return known(changed).withTraits({ isReaderOnlyOwner: ours });
  }

  async function change(
    image: LabeledImage,
    { index, ...pass }: ItemContext,
    apply: (pixels: Pixels, seed: number) => Pixels | Promise<Pixels>,
  ): Promise<Pixels> {
    checkOwnItem('augment', image);
    try {
      return await apply(image.pixels, seedOf(image.origin ?? index, pass.epoch));
    } catch (error) {
      throw located('augment', error, image, index, pass);
    }
  }

  function known(changed: Dataset<LabeledImage>): Dataset<LabeledImage> {
    return changed.withPreprocessing(preprocessingAfter(transform.preprocessing, images));
  }
}

/** How images are made that a transform changed. */
function preprocessingAfter(
  transform: Transform['preprocessing'],
  images: Dataset<LabeledImage>,
): CompletePreprocessing | 'original' | undefined {
  if (transform === 'kept') return images.hasOriginalSizes ? 'original' : images.preprocessing;
  return images.hasOriginalSizes ? transform : undefined;
}
