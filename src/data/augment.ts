// Random changes of labeled images. The result depends only on the seed, the epoch and the image, not on concurrency or threads.

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

/** Threads that transform images, as `imageWorkers` of `effnet-ts/node` returns them. */
export interface TransformWorkers {
  readonly threads: number;
  /** Transforms an image in one of the threads. The given image is not modified. @internal */
  transform(image: Pixels, change: ImageChange): Promise<Pixels>;
}

const workers = rule<TransformWorkers>('what imageWorkers() returns', (value) => {
  const { threads, transform } = (value ?? {}) as Partial<TransformWorkers>;
  return positiveInteger.accepts(threads) && typeof transform === 'function';
});
// Functions have a method `apply` too, so that alone is not enough.
const transformRule = rule<Transform>(
  'a transform',
  (value) =>
    record.accepts(value) && typeof (value as Transform).apply === 'function' && typeof (value as Transform).describe === 'function',
);

/** Options of {@link augment}. */
export interface AugmentOptions {
  /** Seed of the random numbers. The epoch and the origin of an image are added to it. @defaultValue 0 */
  readonly seed?: number | undefined;
  /**
   * Number of images to transform at once. More than 1 is useful only for transforms that do not run on this thread.
   *
   * @defaultValue 1, or 4 per thread with `workers`. Images that the same workers read are then read and transformed in one task.
   */
  readonly concurrency?: number | 'auto' | undefined;
  /** Worker threads, for transforms of this library. @defaultValue none: images are transformed on this thread */
  readonly workers?: TransformWorkers | undefined;
}

/**
 * Applies a transform to every image. Its random numbers depend on the seed, the epoch and the image's origin, or its position if it has no
 * origin.
 *
 * If the transform keeps the size, the result has the `preprocessing` of the given images. If the images have their original sizes, the
 * result has the preprocessing of the transform. In other cases it is unknown: declare it with `withPreprocessing`.
 *
 * @throws {OptionError} when there are workers and the transform includes a function of your own. While iterating, when an item is not a
 *   labeled image.
 * @throws {DataError} while iterating, when the transform fails. The message names the image.
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
  // A function of the caller may keep references to what it is given and what it returns.
  const isOnlyOwner = spec !== undefined && images.traits.isReaderOnlyOwner;
  const seedOf = (origin: string | number, epoch: number): number => deriveSeed(seed, 'augment', epoch, origin);
  if (threads === undefined) return changedBy((pixels, imageSeed) => transform.apply(pixels, createRandom(imageSeed)), 1);
  if (spec === undefined) {
    throw invalid(
      'augment',
      'transform',
      'only transforms of this library beside `workers`',
      transform.describe(),
      'A function of your own cannot run in the workers: leave out `workers`, or apply it in another `augment` without them.',
    );
  }
  const together =
    concurrency === undefined
      ? images.traits.readChanged?.(threads, (origin, epoch) => ({ spec, seed: seedOf(origin, epoch) }))
      : undefined;
  if (together !== undefined) return withTraits(together);
  return changedBy((pixels, imageSeed) => threads.transform(pixels, { spec, seed: imageSeed }), 4 * threads.threads);

  function changedBy(apply: (pixels: Pixels, seed: number) => Pixels | Promise<Pixels>, atOnce: number): Dataset<LabeledImage> {
    const changed = images.map(
      async (image, context) => {
        const pixels = await change(image, context, apply);
        if (isOnlyOwner) giveBack(image.pixels.data, pixels.data);
        return { ...image, pixels };
      },
      { concurrency: concurrency ?? atOnce, varies: true },
    );
    return withTraits(changed);
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

  function withTraits(changed: Dataset<LabeledImage>): Dataset<LabeledImage> {
    return changed.withPreprocessing(preprocessingAfter(transform.preprocessing, images)).withTraits({ isReaderOnlyOwner: isOnlyOwner });
  }
}

/** Returns the preprocessing of images after a transform. */
function preprocessingAfter(
  transform: Transform['preprocessing'],
  images: Dataset<LabeledImage>,
): CompletePreprocessing | 'original' | undefined {
  if (transform === 'kept') return images.hasOriginalSizes ? 'original' : images.preprocessing;
  return images.hasOriginalSizes ? transform : undefined;
}
