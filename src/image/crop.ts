// Cutting rectangles out of pictures, without changing a value.

import { check, checkNumbers, nonNegativeInteger, positiveInteger, ShapeError } from '../core/index.js';
import { checkPixels, sides, size as sizeRule, type Pixels, type Size } from './pixels.js';

/** A rectangle in pixels, from the top left corner. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Copies a rectangle of a picture.
 *
 * @throws {ShapeError} when the rectangle reaches outside the picture.
 * @example
 * const corner = crop(photo, { top: 0, left: 0, height: 100, width: 100 });
 */
export function crop(pixels: Pixels, box: Box): Pixels {
  checkPixels('crop', pixels);
  const { top, left, height, width } = box;
  checkNumbers('crop', { top, left }, nonNegativeInteger);
  checkNumbers('crop', { height, width }, positiveInteger);
  if (top + height > pixels.height || left + width > pixels.width) {
    throw new ShapeError(
      `crop: expected a rectangle within [${pixels.height}, ${pixels.width}], received rows ${top} to ${top + height} and columns ${left} to ${left + width}.`,
    );
  }
  const { channels } = pixels;
  const stride = width * channels;
  const data = new (pixels.data.constructor as Uint8ArrayConstructor)(height * stride);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + stride), y * stride);
  }
  return { width, height, channels, data };
}

/**
 * Cuts the middle out of a picture; an odd margin leaves the extra row at the bottom and the extra column at the right.
 *
 * @throws {ShapeError} when the picture is smaller than the crop.
 * @example
 * const input = centerCrop(resize(photo, 256), 224);
 */
export function centerCrop(pixels: Pixels, size: Size): Pixels {
  checkPixels('centerCrop', pixels);
  check('centerCrop', 'size', size, sizeRule);
  const [height, width] = sides(size);
  if (height > pixels.height || width > pixels.width) {
    throw new ShapeError(
      `centerCrop: expected a picture of at least [${height}, ${width}], received [${pixels.height}, ${pixels.width}]. Resize it first.`,
    );
  }
  return crop(pixels, {
    top: Math.floor((pixels.height - height) / 2),
    left: Math.floor((pixels.width - width) / 2),
    height,
    width,
  });
}
