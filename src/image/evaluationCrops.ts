// Deterministic crops for evaluation and test-time augmentation.

import { check, checkOptions, nonNegativeInteger, oneOf, positiveInteger } from '../core/internal.js';
import { centerCrop, crop } from './crop.js';
import { flipHorizontal } from './flip.js';
import { checkPixels, sides, type Pixels, type Size } from './pixels.js';
import { RESIZE_RULES, resizeFor, type ResizeOptions } from './resize.js';
import { resizeToFor } from './resizeTo.js';

/**
 * Resizes an image so that its shorter side has the given length. The aspect ratio is kept, and the longer side is truncated to whole
 * pixels.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @example
 * const input = centerCrop(resizeShorterSide(photo, 256), 224); // the usual ImageNet evaluation
 * @see `Resize(length)` of torchvision, which corresponds to `resampler: 'pillow'` for image files
 */
export function resizeShorterSide(image: Pixels, length: number, options: ResizeOptions = {}): Pixels {
  checkPixels('resizeShorterSide', image);
  check('resizeShorterSide', 'length', length, positiveInteger);
  const { height, width } = image;
  return resizeFor(
    'resizeShorterSide',
    image,
    width <= height ? [Math.trunc((length * height) / width), length] : [length, Math.trunc((length * width) / height)],
    options,
  );
}

/** Options of {@link paddedCenterCrop}. */
export interface PaddedCenterCropOptions extends ResizeOptions {
  /** Difference in pixels between the resized image and the crop in the equivalent "resize, then crop". @defaultValue 32 */
  readonly padding?: number | undefined;
}

/**
 * Crops the central square, `size / (size + padding)` of the shorter side, and resizes it. The original EfficientNet code evaluates this
 * way, with bicubic interpolation.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @see `_decode_and_center_crop` in tensorflow/tpu models/official/efficientnet/preprocessing.py
 */
export function paddedCenterCrop(image: Pixels, size: number, options: PaddedCenterCropOptions = {}): Pixels {
  checkPixels('paddedCenterCrop', image);
  check('paddedCenterCrop', 'size', size, positiveInteger);
  const { padding = 32, ...resizing } = checkOptions('paddedCenterCrop', options, { ...RESIZE_RULES, padding: nonNegativeInteger });
  return resizeToFor('paddedCenterCrop', image, size, 'crop', { ...resizing, cropFraction: size / (size + padding), margins: 'ceil' });
}

/** Options of `testTimeAugmentation`. */
export interface TestTimeViewsOptions {
  /**
   * 'flip': the center crop and its mirror image. 'five': the four corners and the center. 'ten': those five and their mirror images.
   * @defaultValue 'flip'
   */
  readonly views?: 'flip' | 'five' | 'ten' | undefined;
}

/**
 * Returns several crops of an image, over which predictions are averaged.
 *
 * @throws {ShapeError} when the image is smaller than the crop.
 * @example
 * const views = testTimeViews(resizeShorterSide(photo, 256), 224, { views: 'ten' }); // 10 images
 */
export function testTimeViews(image: Pixels, size: Size, options: TestTimeViewsOptions = {}): readonly Pixels[] {
  const { views = 'flip' } = checkOptions('testTimeViews', options, { views: oneOf('flip', 'five', 'ten') });
  const center = centerCrop(image, size);
  if (views === 'flip') return [center, flipHorizontal(center)];
  const [height, width] = sides(size);
  const [bottom, right] = [image.height - height, image.width - width];
  const corners = [
    [0, 0],
    [0, right],
    [bottom, 0],
    [bottom, right],
  ] as const;
  const five = [...corners.map(([top, left]) => crop(image, { top, left, height, width })), center];
  return views === 'five' ? five : [...five, ...five.map(flipHorizontal)];
}
