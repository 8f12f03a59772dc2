// Bringing images of any proportions to one size: the ways of Keras, torchvision, timm and EfficientNet's authors.

import { arrayOf, check, checkOptions, either, oneOf, rule } from '../core/internal.js';
import { ShapeError } from '../core/index.js';
import { centerCrop, MARGINS, type Margins } from './crop.js';
import { checkPixels, sides, size as sizeRule, withinMemory, type Pixels, type Size } from './pixels.js';
import { RESIZE_RULES, resizeFor, resolveResize, type ResizeOptions } from './resize.js';
import { roundHalfEven } from './roundHalfEven.js';

const { floor, fround, max, min, trunc } = Math;

export const FITS = oneOf('stretch', 'crop', 'pad', 'resizeCrop', 'resizePad');

/**
 * How an image of other proportions comes to a size. 'stretch' changes the proportions. 'crop' cuts the longer side and 'pad' fills the
 * shorter one before the image is resized. 'resizeCrop' and 'resizePad' resize first, and then cut what is too long or fill what is too
 * short.
 */
export type Fit = 'stretch' | 'crop' | 'pad' | 'resizeCrop' | 'resizePad';

/** Options of {@link resizeTo}. */
export interface ResizeToOptions extends ResizeOptions {
  /**
   * The share of the sides that a central crop keeps, in (0, 1]. 'crop' cuts before resizing; the others resize to
   * `floor(size / cropFraction)` and cut then, as timm with its `crop_pct`. @defaultValue 1
   */
  readonly cropFraction?: number | undefined;
  /**
   * How the margins of the central crop are rounded; 'even' also sizes 'resizePad' as timm does instead of as TensorFlow.
   * @defaultValue 'floor'
   */
  readonly margins?: Margins | undefined;
  /** What 'pad' and 'resizePad' fill with, integers in [0, 255]: one value, or one per channel. @defaultValue 0 */
  readonly fillValue?: number | readonly number[] | undefined;
}

const share = rule<number>('a number in (0, 1]', (value) => typeof value === 'number' && value > 0 && value <= 1);
const level = rule<number>(
  'an integer in [0, 255]',
  (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
);
export const RESIZE_TO_RULES = { ...RESIZE_RULES, cropFraction: share, margins: MARGINS, fillValue: either(level, arrayOf(level)) };

/**
 * Resizes an image of any proportions to a size.
 *
 * | `fit` | as |
 * |---|---|
 * | 'stretch' | `tf.image.resize` and Keras' default; with `cropFraction` timm's `squash` |
 * | 'crop' | Keras' `crop_to_aspect_ratio` and `smart_resize`; with `cropFraction` and margins 'ceil' the evaluation of EfficientNet's
 * authors |
 * | 'pad' | `pad_to_aspect_ratio` of Keras' `Resizing` |
 * | 'resizeCrop' | with margins 'even' torchvision's `Resize` and `CenterCrop`, and timm's `center` |
 * | 'resizePad' | `tf.image.resize_with_pad`, which Keras' `image_dataset_from_directory(pad_to_aspect_ratio=True)` uses; with margins
 * 'even' timm's `border` |
 *
 * torchvision and timm resize with `resampler: 'pillow'`.
 *
 * @throws {OptionError} when an option is unknown or has a wrong value.
 * @throws {ShapeError} when the image is so narrow that nothing of it is left, or `fillValue` has another number of channels.
 * @example
 * const whole = resizeTo(photo, 224, 'pad', { fillValue: 114 });
 * const timm = { cropFraction: 0.875, margins: 'even', interpolation: 'bicubic', resampler: 'pillow' } as const;
 * const asTimm = resizeTo(photo, 224, 'resizeCrop', timm);
 */
export function resizeTo(image: Pixels, size: Size, fit: Fit, options: ResizeToOptions = {}): Pixels {
  return resizeToFor('resizeTo', image, size, fit, options);
}

/** Resizes for another function, under whose name it reports errors. */
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
            `${where}: expected an image that keeps a pixel on both sides, received [${pixels.height}, ` +
              `${pixels.width}] for ${whole.join(' x ')}.`,
          );
        }
        // TensorFlow computes the place from the size before it is truncated.
        const [top, left] = [max(0, floor(fround(wanted[0] - exact[0]) / 2)), max(0, floor(fround(wanted[1] - exact[1]) / 2))];
        return framed(resize(pixels, inner), [max(inner[0], wanted[0]), max(inner[1], wanted[1])], top, left, fillValue);
      }
    }
  });
  return resized.height === wanted[0] && resized.width === wanted[1] ? resized : centerCrop(resized, size, { margins });
}

type Sides = readonly [height: number, width: number];
type Sized = Pick<Pixels, 'height' | 'width'>;

/** The largest crop of the wanted proportions, or a share of it, in the float32 of TensorFlow. */
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

/**
 * The size of the image once 'pad' has filled it. Keras adds the same number of rows, or columns, on both sides: an odd one is not added.
 */
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
 * The size of the image that just covers the wanted one. To a square torchvision truncates the longer side; timm rounds for other targets.
 */
export function sidesAround({ height, width }: Sized, [tall, wide]: Sides): Sides {
  if (tall === wide) return width <= height ? [trunc((wide * height) / width), wide] : [tall, trunc((tall * width) / height)];
  const ratio = min(height / tall, width / wide);
  return [roundHalfEven(height / ratio), roundHalfEven(width / ratio)];
}

/**
 * The size of the image that just fits into the wanted one: rounded as timm does, or in the float32 of TensorFlow, which truncates it
 * afterwards.
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
