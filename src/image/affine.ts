// Rotates, shifts, shears and zooms images, like Keras' ImageDataGenerator.

import { arrayOf, check, checkOptions, either, finite, invalid, nonNegative, oneOf, positive, rule, type Rule } from '../core/internal.js';
import { checkPixels, level, type Pixels } from './pixels.js';
import { transformWithSpec, type Transform } from './transform.js';
import { FILL_MODES, warp, type FillMode, type Matrix } from './warp.js';

/** An affine transformation about the center of the image. The content is rotated, translated, sheared and scaled, in this order. */
export interface AffineOptions {
  /** Counterclockwise rotation in degrees. @defaultValue 0 */
  readonly rotation?: number | undefined;
  /** Pixels by which the content moves down and right. Negative numbers move it up and left. @defaultValue [0, 0] */
  readonly translation?: readonly [down: number, right: number] | undefined;
  /** Shear in degrees. @defaultValue 0 */
  readonly shear?: number | undefined;
  /** Factors above 0 for the height and width of the content: 2 doubles its size. @defaultValue [1, 1] */
  readonly scale?: readonly [height: number, width: number] | undefined;
  /** How the area outside the image is filled. @defaultValue 'nearest' */
  readonly fillMode?: FillMode | undefined;
  /** The fill value with `fillMode: 'constant'`, in [0, 255]. @defaultValue 0 */
  readonly fillValue?: number | undefined;
}

/**
 * Rotates, translates, shears and scales an image. The result has the same size and float32 values.
 *
 * The transformation is about the center of the image. Keras swaps height and width when it computes the center, so both agree only on
 * square images. Keras' `tx`, `ty`, `zx` and `zy` are the inverse: `translation: [-ty, -tx]` and `scale: [1 / zy, 1 / zx]` give the same
 * image.
 *
 * @see `apply_affine_transform(theta, tx, ty, shear, zx, zy, fill_mode, cval, order=1)` in keras/src/legacy/preprocessing/image.py
 */
export function affine(image: Pixels, options: AffineOptions = {}): Pixels {
  checkPixels('affine', image);
  const {
    rotation = 0,
    translation = [0, 0],
    shear = 0,
    scale = [1, 1],
    fillMode = 'nearest',
    fillValue = 0,
  } = checkOptions('affine', options, {
    rotation: finite,
    translation: arrayOf(finite, 2),
    shear: finite,
    scale: arrayOf(positive, 2),
    fillMode: oneOf(...FILL_MODES),
    fillValue: level,
  });
  const [down, right] = translation;
  const [taller, wider] = scale;
  return warpAffine(image, { rotation, shift: [-down, -right], shear, zoom: [1 / taller, 1 / wider], fillMode, fillValue });
}

/** The parameters as Keras defines them: they move and enlarge the viewed area, not the content. */
interface View {
  readonly rotation: number;
  readonly shift: readonly [down: number, right: number];
  readonly shear: number;
  readonly zoom: readonly [height: number, width: number];
  readonly fillMode: FillMode;
  readonly fillValue: number;
}

function warpAffine(image: Pixels, { rotation, shift, shear, zoom, fillMode, fillValue }: View): Pixels {
  const turn = (rotation * Math.PI) / 180;
  const lean = (shear * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [down, right] = shift;
  const [tall, wide] = zoom;
  // The product rotation * shift * shear * zoom, applied to (x, y) relative to the center.
  const [xx, xy] = [cos * wide, -(cos * Math.sin(lean) + sin * Math.cos(lean)) * tall];
  const [yx, yy] = [sin * wide, (cos * Math.cos(lean) - sin * Math.sin(lean)) * tall];
  const [x, y] = [(image.width - 1) / 2, (image.height - 1) / 2];
  const fromX = x - xx * x - xy * y + cos * right - sin * down;
  const fromY = y - yx * x - yy * y + sin * right + cos * down;
  const matrix: Matrix = [yy, yx, fromY, xy, xx, fromX];
  return warp(image, matrix, fillMode, fillValue);
}

/** Options of {@link randomAffine}. */
export interface RandomAffineOptions {
  /** Maximum rotation in degrees, in either direction. @defaultValue 0 */
  readonly rotation?: number | undefined;
  /** Maximum shift as a fraction of height and width, in either direction. One number applies to both. @defaultValue 0 */
  readonly shift?: number | readonly [height: number, width: number] | undefined;
  /**
   * Maximum shear in degrees, in either direction. Keras' `shear_range` is in degrees as well, so 0.2 has almost no effect. @defaultValue 0
   */
  readonly shear?: number | undefined;
  /**
   * Range of the zoom factors, drawn separately for height and width: z for [1 - z, 1 + z], or [low, high]. As in Keras, a factor below 1
   * enlarges the content.
   * @defaultValue 0
   */
  readonly zoom?: number | readonly [low: number, high: number] | undefined;
  /** How the area outside the image is filled. @defaultValue 'nearest' */
  readonly fillMode?: FillMode | undefined;
  /** The fill value with `fillMode: 'constant'`, in [0, 255]. @defaultValue 0 */
  readonly fillValue?: number | undefined;
}

const pair = (inner: Rule<number>): Rule<number | readonly number[]> => either(inner, arrayOf(inner, 2));

/**
 * Rotates, shifts, shears and zooms each image by random amounts, drawn uniformly from the given ranges.
 *
 * @see Keras' `ImageDataGenerator(rotation_range, height_shift_range, width_shift_range, shear_range, zoom_range, fill_mode, cval)`
 */
export function randomAffine(options: RandomAffineOptions): Transform {
  const rules = {
    rotation: nonNegative,
    shift: pair(nonNegative),
    shear: nonNegative,
    zoom: pair(nonNegative),
    fillMode: oneOf(...FILL_MODES),
    fillValue: level,
  };
  const {
    rotation = 0,
    shift = 0,
    shear = 0,
    zoom = 0,
    fillMode = 'nearest',
    fillValue = 0,
  } = checkOptions('randomAffine', options, rules);
  const [up, left] = typeof shift === 'number' ? [shift, shift] : shift;
  const [low, high] = typeof zoom === 'number' ? [1 - zoom, 1 + zoom] : zoom;
  check(
    'randomAffine',
    'zoom',
    zoom,
    rule('factors above 0, the lower first', () => low > 0 && low <= high),
  );
  if ([options.rotation, options.shift, options.shear, options.zoom].every((range) => range === undefined)) {
    throw invalid('randomAffine', 'options', 'at least one of rotation, shift, shear and zoom', options);
  }
  const parts = [
    rotation > 0 && `rotation up to ${rotation} degrees`,
    (up > 0 || left > 0) && `shift up to ${up} of the height and ${left} of the width`,
    shear > 0 && `shear up to ${shear} degrees`,
    low < high && `zoom by ${low} to ${high}`,
  ].filter((part) => part !== false);
  return transformWithSpec(['randomAffine', options], 'kept', `affine: ${parts.join(', ')}, fill ${fillMode}`, (image, random) => {
    return warpAffine(image, {
      rotation: random.uniform(-rotation, rotation),
      shift: [random.uniform(-up, up) * image.height, random.uniform(-left, left) * image.width],
      shear: random.uniform(-shear, shear),
      zoom: [random.uniform(low, high), random.uniform(low, high)],
      fillMode,
      fillValue,
    });
  });
}
