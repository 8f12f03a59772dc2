// Resizes images of any aspect ratio to one size, as Keras, torchvision, timm or the original EfficientNet code do.

import { arrayOf, check, checkOptions, either, oneOf, rule } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { centerCrop, MARGINS, type Margins } from './crop.js';
import { checkPixels, sides, size as sizeRule, withinMemory, type Pixels, type Size } from './pixels.js';
import { RESIZE_RULES, resizeFor, resolveResize, type ResizeOptions } from './resize.js';
import { roundHalfEven } from './roundHalfEven.js';

const { floor, fround, max, min, trunc } = Math;

export const FITS = oneOf('stretch', 'crop', 'pad', 'resizeCrop', 'resizePad');

/**
 * How an image with a different aspect ratio is fitted to a size. 'stretch' changes the aspect ratio. 'crop' crops the longer side, and
 * 'pad' pads the shorter side, before resizing. 'resizeCrop' and 'resizePad' resize first and then crop or pad.
 */
export type Fit = 'stretch' | 'crop' | 'pad' | 'resizeCrop' | 'resizePad';

/** Options of {@link resizeTo}. */
export interface ResizeToOptions extends ResizeOptions {
  /**
   * Fraction of the side length that a center crop keeps, in (0, 1]. 'crop' crops before resizing. All others resize to
   * `floor(size / cropFraction)` and then crop, like `crop_pct` in timm. @defaultValue 1
   */
  readonly cropFraction?: number | undefined;
  /**
   * How the margins of the center crop are rounded. With 'resizePad', 'even' also computes the size as in timm instead of TensorFlow.
   * @defaultValue 'floor'
   */
  readonly margins?: Margins | undefined;
  /** The fill value of 'pad' and 'resizePad': an integer in [0, 255], or one per channel. @defaultValue 0 */
  readonly fillValue?: number | readonly number[] | undefined;
}

const share = rule<number>('a number in (0, 1]', (value) => typeof value === 'number' && value > 0 && value <= 1);
const level = rule<number>(
  'an integer in [0, 255]',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
);
export const RESIZE_TO_RULES = { ...RESIZE_RULES, cropFraction: share, margins: MARGINS, fillValue: either(level, arrayOf(level)) };

/**
 * Resizes an image of any aspect ratio to a size.
 *
 * | `fit` | equivalent to |
 * |---|---|
 * | 'stretch' | `tf.image.resize` and Keras' default; with `cropFraction` timm's `squash` |
 * | 'crop' | `crop_to_aspect_ratio` of Keras; with `cropFraction` and margins 'ceil' the original EfficientNet evaluation |
 * | 'pad' | `pad_to_aspect_ratio` of Keras' `Resizing` |
 * | 'resizeCrop' | with margins 'even' torchvision's `Resize` and `CenterCrop`, and timm's `center` |
 * | 'resizePad' | `tf.image.resize_with_pad`, as in Keras' `image_dataset_from_directory`; with margins 'even' timm's `border` |
 *
 * Keras' `smart_resize` is 'crop', too. The results of torchvision and timm require `resampler: 'pillow'`.
 *
 * @throws {OptionError} when an option is unknown or invalid.
 * @throws {ShapeError} when the image is so narrow that nothing of it would remain, or `fillValue` has a different number of channels.
 * @example
 * const whole = resizeTo(photo, 224, 'pad', { fillValue: 114 });
 * const timm = { cropFraction: 0.875, margins: 'even', interpolation: 'bicubic', resampler: 'pillow' } as const;
 * const asTimm = resizeTo(photo, 224, 'resizeCrop', timm);
 */
export function resizeTo(image: Pixels, size: Size, fit: Fit, options: ResizeToOptions = {}): Pixels {
  return resizeToFor('resizeTo', image, size, fit, options);
}

/** Same as {@link resizeTo}. Errors begin with `where`, the function that the user called. */
export function resizeToFor(where: string, pixels: Pixels, size: Size, fit: Fit, options: ResizeToOptions): Pixels {
  checkPixels(where, pixels);
  check(where, 'size', size, sizeRule);
  check(where, 'fit', fit, FITS);
  const { cropFraction = 1, margins = 'floor', fillValue = 0, ...resizing } = checkOptions(where, options, RESIZE_TO_RULES);
  resolveResize(where, resizing);
  const resize = (image: Pixels, to: Size): Pixels => resizeFor(where, image, to, resizing);
  if (typeof fillValue !== 'number' && fillValue.length !== pixels.channels) {
    throw new ShapeError(`${where}: expected ${pixels.channels} values for \`fillValue\`, one per channel, received ${fillValue.length}.`);
  }
  const wanted = sides(size);
  if (fit === 'crop') return resize(centerCrop(pixels, sidesOfCrop(pixels, wanted, cropFraction), { margins }), size);
  const whole = [floor(wanted[0] / cropFraction), floor(wanted[1] / cropFraction)] as const;
  const resized = withinMemory(where, 'size', size, (): Pixels => {
    switch (fit) {
      case 'stretch':
        return resize(pixels, whole);
      case 'pad':
        return resize(padded(pixels, whole, fillValue), whole);
      case 'resizeCrop':
        return resize(pixels, sidesAround(pixels, whole));
      case 'resizePad': {
        const exact = sidesInside(pixels, whole, margins);
        const inner = [floor(exact[0]), floor(exact[1])] as const;
        if (inner[0] === 0 || inner[1] === 0) {
          throw new ShapeError(
            `${where}: expected an image that is at least one pixel high and wide after resizing, received [${pixels.height}, ` +
              `${pixels.width}] for ${whole.join(' x ')}.`,
          );
        }
        // Like TensorFlow, computes the position from the size before truncation.
        const [top, left] = [max(0, floor(fround(wanted[0] - exact[0]) / 2)), max(0, floor(fround(wanted[1] - exact[1]) / 2))];
        return framed(resize(pixels, inner), [max(inner[0], wanted[0]), max(inner[1], wanted[1])], top, left, fillValue);
      }
    }
  });
  return resized.height === wanted[0] && resized.width === wanted[1] ? resized : centerCrop(resized, size, { margins });
}

type Sides = readonly [height: number, width: number];
type Sized = Pick<Pixels, 'height' | 'width'>;

/** Returns the largest crop with the target's aspect ratio, or a fraction of it, in float32 like TensorFlow. */
export function sidesOfCrop({ height, width }: Sized, [tall, wide]: Sides, cropFraction: number): Sides {
  const largest = [
    min(height, trunc(fround(fround(width * tall) / wide))),
    min(width, trunc(fround(fround(height * wide) / tall))),
  ] as const;
  return cropFraction === 1
    ? [max(1, largest[0]), max(1, largest[1])]
    : [partOf(largest[0], cropFraction), partOf(largest[1], cropFraction)];
}

function partOf(length: number, cropFraction: number): number {
  return max(1, trunc(fround(fround(cropFraction) * length)));
}

/** Returns the size of the image after 'pad'. Keras adds the same number of rows or columns on both sides and skips an odd one. */
export function paddedSides({ height, width }: Sized, [tall, wide]: Sides): Sides {
  const top = trunc((max(height, trunc(fround(fround(width * tall) / wide))) - height) / 2);
  const left = trunc((max(width, trunc(fround(fround(height * wide) / tall))) - width) / 2);
  return [height + 2 * top, width + 2 * left];
}

function padded(pixels: Pixels, target: Sides, fillValue: number | readonly number[]): Pixels {
  const size = paddedSides(pixels, target);
  return framed(pixels, size, (size[0] - pixels.height) / 2, (size[1] - pixels.width) / 2, fillValue);
}

/**
 * Returns the size of the smallest resized image that covers the target. For square targets the longer side is truncated as in torchvision;
 * otherwise both are rounded as in timm.
 */
export function sidesAround({ height, width }: Sized, [tall, wide]: Sides): Sides {
  if (tall === wide) return width <= height ? [trunc((wide * height) / width), wide] : [tall, trunc((tall * width) / height)];
  const ratio = min(height / tall, width / wide);
  return [roundHalfEven(height / ratio), roundHalfEven(width / ratio)];
}

/**
 * Returns the size of the largest resized image that fits into the target: rounded as in timm with 'even', otherwise not yet truncated, in
 * float32 like TensorFlow.
 */
export function sidesInside({ height, width }: Sized, [tall, wide]: Sides, margins: Margins): Sides {
  if (margins === 'even') {
    const ratio = max(height / tall, width / wide);
    return [roundHalfEven(height / ratio), roundHalfEven(width / ratio)];
  }
  const ratio = max(fround(width / wide), fround(height / tall));
  return [fround(height / ratio), fround(width / ratio)];
}

function framed(pixels: Pixels, [height, width]: Sides, top: number, left: number, fillValue: number | readonly number[]): Pixels {
  const { channels } = pixels;
  const data = new (pixels.data.constructor as Uint8ArrayConstructor)(height * width * channels);
  if (typeof fillValue === 'number') data.fill(fillValue);
  else for (let i = 0; i < data.length; i++) data[i] = fillValue[i % channels] as number;
  const stride = pixels.width * channels;
  for (let y = 0; y < pixels.height; y++) {
    data.set(pixels.data.subarray(y * stride, (y + 1) * stride), ((top + y) * width + left) * channels);
  }
  return { width, height, channels, data };
}
