// Random changes on a stream of labelled pictures: the same seed, epoch and picture give the same result, whatever runs beside it.

import { check, checkOptions, createRandom, deriveSeed, either, oneOf, positiveInteger, rule, seed as seedRule } from '../core/index.js';
import type { Transform } from '../image/index.js';
import { Dataset } from './Dataset.js';
import type { LabelledImage } from './imageBatches.js';

/** How pictures are changed. */
export interface AugmentOptions {
  /** Decides, with the epoch and the picture's origin, what happens to it. @defaultValue 0 */
  readonly seed?: number;
  /** Pictures worked on at once; more than 1 pays only for transforms that leave the thread. @defaultValue 1 */
  readonly concurrency?: number | 'auto';
}

/**
 * Applies a transform to every picture; its random numbers come from the seed, the epoch and the picture's origin (its position where it has none).
 *
 * @example
 * const train = augment(images, trainAugmentation('default', 224), { seed: 1 });
 */
export function augment(images: Dataset<LabelledImage>, transform: Transform, options: AugmentOptions = {}): Dataset<LabelledImage> {
  check('augment', 'images', images, rule('a Dataset of { pixels, label }', (value) => value instanceof Dataset));
  check('augment', 'transform', transform, rule('a transform', (value) => typeof (value as Transform | null)?.apply === 'function'));
  const { seed = 0, concurrency = 1 } = checkOptions('augment', options, { seed: seedRule, concurrency: either(positiveInteger, oneOf('auto')) });
  return images.map(
    async (image, { epoch, index }) => {
      const random = createRandom(deriveSeed(seed, 'augment', epoch, image.origin ?? index));
      return { ...image, pixels: await transform.apply(image.pixels, random) };
    },
    { concurrency, varies: true },
  );
}
