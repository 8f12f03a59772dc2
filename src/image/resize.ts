// Resizes images with the same results as TensorFlow 2 (`tf.image.resize`) or Pillow.

import { boolean, check, checkOptions, invalid, oneOf } from '../core/internal.js';
import type { Complete } from '../core/index.js';
import { bilinear } from './bilinear.js';
import { filter } from './filter.js';
import { pick } from './pick.js';
import { resizeLikePillow } from './pillow.js';
import { checkPixels, sides, size as sizeRule, withinMemory, type Pixels, type Size } from './pixels.js';
import { floats } from './spareFloats.js';
import { INTERPOLATIONS, nearestPlaces, planSpans, type Interpolation } from './spans.js';

export const RESIZE_RULES = { interpolation: oneOf(...INTERPOLATIONS), antialias: boolean, resampler: oneOf('tensorflow', 'pillow') };

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** 'bicubic' is Keys' kernel with a = -0.5. 'area' averages the source pixels that an output pixel covers. @defaultValue 'bilinear' */
  readonly interpolation?: Interpolation | undefined;
  /**
   * Widens the kernel when the image shrinks, so that no source pixel is skipped. Only for bilinear and bicubic.
   * @defaultValue false; true with resampler 'pillow'
   */
  readonly antialias?: boolean | undefined;
  /**
   * The implementation whose results are reproduced. 'tensorflow' is `tf.image.resize`, which Keras uses. 'pillow' is Pillow's
   * `Image.resize`, which timm and torchvision use for image files. It requires 8-bit pixels, rounds after each of its two passes, and
   * always antialiases bilinear and bicubic. Its 'area' is `BOX`. @defaultValue 'tensorflow'
   */
  readonly resampler?: 'tensorflow' | 'pillow' | undefined;
}

/**
 * Resizes an image with half-pixel centers. The result is float32, except with interpolation 'nearest' (the type of the input) and with
 * resampler 'pillow' (uint8).
 *
 * 'nearest' and 'bilinear' without antialiasing are bit-identical to TensorFlow, and the other methods differ by less than 0.001. Like
 * TensorFlow's, bicubic results may slightly exceed [0, 255] at sharp edges. Resampler 'pillow' is bit-identical to Pillow.
 *
 * @param size - Height and width in pixels, or one number for a square.
 * @throws {OptionError} when an option is unknown, the interpolation does not support antialiasing, or float pixels are passed with
 * resampler 'pillow'.
 * @example
 * const small = resize(photo, 224);
 * const smooth = resize(photo, [300, 400], { interpolation: 'bicubic', antialias: true });
 * const asTimm = resize(photo, 256, { interpolation: 'bicubic', resampler: 'pillow' });
 * @see `tf.image.resize`, tensorflow/python/ops/image_ops_impl.py; `Image.resize`, Pillow's src/libImaging/Resample.c
 */
export function resize(image: Pixels, size: Size, options: ResizeOptions = {}): Pixels {
  return resizeFor('resize', image, size, options);
}

/** Same as {@link resize}. Errors begin with `where`, the function that the user called. */
export function resizeFor(where: string, pixels: Pixels, size: Size, options: ResizeOptions): Pixels {
  checkPixels(where, pixels);
  check(where, 'size', size, sizeRule);
  const { interpolation, antialias, resampler } = resolveResize(where, checkOptions(where, options, RESIZE_RULES));
  const [height, width] = sides(size);
  if (height * width * pixels.channels > MOST_VALUES) throw invalid(where, 'size', `an image of at most ${MOST_VALUES} values`, size);
  return withinMemory(where, 'size', size, () => {
    if (resampler === 'tensorflow') return resizeLikeTensorFlow(pixels, height, width, interpolation, antialias);
    if (!(pixels.data instanceof Float32Array)) return resizeLikePillow({ ...pixels, data: pixels.data }, height, width, interpolation);
    throw invalid(
      where,
      'resampler',
      "'tensorflow' for float pixels",
      resampler,
      'Pillow resizes 8-bit images: resize before anything that makes floats.',
    );
  });
}

/** Larger images need more than 8 GB in one array, which no engine allocates. Checking first avoids seconds of wasted work. */
const MOST_VALUES = 2 ** 31 - 1;

function resizeLikeTensorFlow(pixels: Pixels, height: number, width: number, interpolation: Interpolation, antialias: boolean): Pixels {
  if (interpolation === 'nearest') return pick(pixels, nearestPlaces(pixels.height, height), nearestPlaces(pixels.width, width));
  const data = floats(height * width * pixels.channels);
  if (height === pixels.height && width === pixels.width) data.set(pixels.data);
  else {
    const apply = interpolation === 'bilinear' && !antialias ? bilinear : filter;
    apply(
      pixels,
      data,
      planSpans(pixels.width, width, interpolation, antialias),
      planSpans(pixels.height, height, interpolation, antialias),
    );
  }
  return { width, height, channels: pixels.channels, data };
}

/** Rejects incompatible options and fills in the defaults. */
export function resolveResize(where: string, options: ResizeOptions): Complete<ResizeOptions> {
  const { interpolation = 'bilinear', resampler = 'tensorflow' } = options;
  const smooths = interpolation === 'bilinear' || interpolation === 'bicubic';
  const { antialias = smooths && resampler === 'pillow' } = options;
  if (antialias && !smooths)
    throw invalid(where, 'antialias', `false with interpolation '${interpolation}'`, antialias, 'Only bilinear and bicubic support it.');
  if (!antialias && smooths && resampler === 'pillow')
    throw invalid(where, 'antialias', "true with resampler 'pillow'", antialias, 'Pillow always antialiases.');
  return { interpolation, antialias, resampler };
}

/** Describes the interpolation for the descriptions of transforms. */
export function describeResize({ interpolation = 'bilinear', antialias = false, resampler }: ResizeOptions): string {
  if (resampler === 'pillow') return `${interpolation}, Pillow`;
  return `${interpolation}${antialias ? ', antialias' : ''}`;
}
