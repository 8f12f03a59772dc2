// The deterministic crops with which networks are evaluated, and the views of test-time augmentation.

import { check, checkOptions, nonNegativeInteger, positiveInteger } from '../core/index.js';
import { centerCrop, crop } from './crop.js';
import { flipHorizontal } from './flip.js';
import { checkPixels, sides, size as sizeRule, type Pixels, type Size } from './pixels.js';
import { resize, type ResizeOptions } from './resize.js';

/**
 * Resizes so that the shorter side has the given length and the proportions stay.
 *
 * @example
 * const input = centerCrop(resizeShorterSide(photo, 256), 224); // the usual ImageNet evaluation
 */
export function resizeShorterSide(pixels: Pixels, length: number, options: ResizeOptions = {}): Pixels {
  checkPixels('resizeShorterSide', pixels);
  check('resizeShorterSide', 'length', length, positiveInteger);
  const scale = length / Math.min(pixels.height, pixels.width);
  return resize(pixels, [Math.round(pixels.height * scale), Math.round(pixels.width * scale)], options);
}

/** How the padded centre crop is cut. */
export interface PaddedCenterCropOptions extends ResizeOptions {
  /** Pixels by which the picture would be larger than the crop, were it resized first. @defaultValue 32 */
  readonly padding?: number;
}

/**
 * Cuts the central square of `size / (size + padding)` of the shorter side and resizes it: the evaluation of EfficientNet's authors,
 * which use it with bicubic.
 *
 * @see `_decode_and_center_crop` in tensorflow/tpu models/official/efficientnet/preprocessing.py
 */
export function paddedCenterCrop(pixels: Pixels, size: number, options: PaddedCenterCropOptions = {}): Pixels {
  checkPixels('paddedCenterCrop', pixels);
  check('paddedCenterCrop', 'size', size, positiveInteger);
  const { padding = 32, ...resizing } = options;
  check('paddedCenterCrop', 'padding', padding, nonNegativeInteger);
  const side = Math.max(1, Math.floor((size / (size + padding)) * Math.min(pixels.height, pixels.width)));
  // The reference rounds the odd margin up.
  const top = Math.floor((pixels.height - side + 1) / 2);
  const left = Math.floor((pixels.width - side + 1) / 2);
  return resize(crop(pixels, { top, left, height: side, width: side }), size, resizing);
}

/** Fits a picture into a size without changing its proportions: the rest is cut off, or filled. */
export type Fit = 'stretch' | 'crop' | 'pad';

/**
 * Resizes to a size: `stretch` changes the proportions, `crop` cuts the longer side evenly first, `pad` adds black evenly first.
 *
 * @see Keras' `crop_to_aspect_ratio` and `pad_to_aspect_ratio`
 */
export function resizeTo(pixels: Pixels, size: Size, fit: Fit, options: ResizeOptions = {}): Pixels {
  check('resizeTo', 'size', size, sizeRule);
  if (fit === 'stretch') return resize(pixels, size, options);
  const [height, width] = sides(size);
  if (fit === 'crop') {
    const box = {
      height: Math.max(1, Math.min(pixels.height, Math.floor((pixels.width * height) / width))),
      width: Math.max(1, Math.min(pixels.width, Math.floor((pixels.height * width) / height))),
    };
    return resize(centerCrop(pixels, [box.height, box.width]), size, options);
  }
  const frame = {
    height: Math.max(pixels.height, Math.floor((pixels.width * height) / width)),
    width: Math.max(pixels.width, Math.floor((pixels.height * width) / height)),
  };
  return resize(framed(pixels, frame.height, frame.width), size, options);
}

function framed(pixels: Pixels, height: number, width: number): Pixels {
  const { channels } = pixels;
  const data = new (pixels.data.constructor as Uint8ArrayConstructor)(height * width * channels);
  const top = Math.floor((height - pixels.height) / 2);
  const left = Math.floor((width - pixels.width) / 2);
  const stride = pixels.width * channels;
  for (let y = 0; y < pixels.height; y++) {
    data.set(pixels.data.subarray(y * stride, (y + 1) * stride), ((top + y) * width + left) * channels);
  }
  return { width, height, channels, data };
}

/** How test-time views are made. */
export interface TestTimeViewsOptions {
  /** 'flip': the centre and its mirror image; 'five': corners and centre; 'ten': those and their mirror images. @defaultValue 'flip' */
  readonly views?: 'flip' | 'five' | 'ten';
}

/**
 * Makes the views of a picture over which predictions are averaged.
 *
 * @throws {ShapeError} when the picture is smaller than the crop.
 * @example
 * const views = testTimeViews(resizeShorterSide(photo, 256), 224, { views: 'ten' }); // 10 pictures
 */
export function testTimeViews(pixels: Pixels, size: Size, options: TestTimeViewsOptions = {}): readonly Pixels[] {
  const { views = 'flip' } = checkOptions('testTimeViews', options, { views: { expected: "one of 'flip', 'five', 'ten'", accepts: isViews } });
  const centre = centerCrop(pixels, size);
  if (views === 'flip') return [centre, flipHorizontal(centre)];
  const [height, width] = sides(size);
  const [bottom, right] = [pixels.height - height, pixels.width - width];
  const corners = [[0, 0], [0, right], [bottom, 0], [bottom, right]] as const;
  const five = [...corners.map(([top, left]) => crop(pixels, { top, left, height, width })), centre];
  return views === 'five' ? five : [...five, ...five.map(flipHorizontal)];
}

function isViews(value: unknown): value is 'flip' | 'five' | 'ten' {
  return value === 'flip' || value === 'five' || value === 'ten';
}
