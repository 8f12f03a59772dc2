// Crops images.

import { check, checkNumbers, checkOptions, nonNegativeInteger, oneOf, positiveInteger } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { checkPixels, sides, size as sizeRule, type Pixels, type Size } from './pixels.js';
import { roundHalfEven } from './roundHalfEven.js';

/** A rectangle in pixels. `top` and `left` are measured from the top left corner of the image. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Copies a rectangle of an image.
 *
 * @throws {ShapeError} when the rectangle extends outside the image.
 * @example
 * const corner = crop(photo, { top: 0, left: 0, height: 100, width: 100 });
 */
export function crop(image: Pixels, box: Box): Pixels {
  checkPixels('crop', image);
  checkOptions('crop', box, { top: nonNegativeInteger, left: nonNegativeInteger, height: positiveInteger, width: positiveInteger }, 'box');
  const { top, left, height, width } = box;
  checkNumbers('crop', { 'box.top': top, 'box.left': left }, nonNegativeInteger);
  checkNumbers('crop', { 'box.height': height, 'box.width': width }, positiveInteger);
  if (top + height > image.height || left + width > image.width) {
    throw new ShapeError(
      `crop: expected a rectangle within [${image.height}, ${image.width}], ` +
        `received rows ${top} to ${top + height} and columns ${left} to ${left + width}.`,
    );
  }
  const { channels } = image;
  const stride = width * channels;
  const data = new (image.data.constructor as Uint8ArrayConstructor)(height * stride);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + stride), y * stride);
  }
  return { width, height, channels, data };
}

export const MARGINS = oneOf('floor', 'ceil', 'even');

/**
 * How the top and left margins are rounded: 'floor' as in Keras, 'ceil' as in the original EfficientNet code, 'even' (half to even) as in
 * torchvision and timm.
 */
export type Margins = 'floor' | 'ceil' | 'even';

/** Options of {@link centerCrop}. */
export interface CenterCropOptions {
  /** Rounding of the top and left margins. With 'floor', an odd row or column is removed at the bottom or right. @defaultValue 'floor' */
  readonly margins?: Margins | undefined;
}

/**
 * Crops the center of an image.
 *
 * @throws {ShapeError} when the image is smaller than the crop. {@link OptionError} when an option is unknown.
 * @example
 * const input = centerCrop(resize(photo, 256), 224);
 * @see `CenterCrop` of Keras, and of torchvision with margins 'even'
 */
export function centerCrop(image: Pixels, size: Size, options: CenterCropOptions = {}): Pixels {
  checkPixels('centerCrop', image);
  check('centerCrop', 'size', size, sizeRule);
  const { margins = 'floor' } = checkOptions('centerCrop', options, { margins: MARGINS });
  const [height, width] = sides(size);
  if (height > image.height || width > image.width) {
    throw new ShapeError(
      `centerCrop: expected an image of at least [${height}, ${width}], received [${image.height}, ${image.width}]. Resize it first.`,
    );
  }
  return crop(image, { top: margin(image.height - height, margins), left: margin(image.width - width, margins), height, width });
}

function margin(excess: number, margins: Margins): number {
  switch (margins) {
    case 'floor':
      return Math.floor(excess / 2);
    case 'ceil':
      return Math.ceil(excess / 2);
    case 'even':
      return roundHalfEven(excess / 2);
  }
}
